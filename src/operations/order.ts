import { Dependencies, type OrderSettings } from "../config/dependencies.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import { daemonInCharge } from "../state/daemon-alive.ts";
import { readHold } from "../state/hold-file.ts";
import type { ProgramRecord } from "../state/record.ts";
import { stateTraits } from "../state/states.ts";

/** Who waits for whom: of faulty programs as far as it is known. */
export function dependenciesOf({ programs, faulty }: Settings): Dependencies {
  const known = [...faulty.values()].map(({ name, instanceOf, known: some }): OrderSettings => {
    const { enabled = true, autostart = false, after = [], needs = [], restartWith = [] } = some;
    return { name, instanceOf, enabled, autostart, after, needs, restartWith };
  });
  return new Dependencies(
    new Map<string, OrderSettings>([...programs, ...known.map((one) => [one.name, one] as const)]),
  );
}

/** True where usrsvcd is about to start it. */
export function isToCome(record: ProgramRecord | undefined, host: Host): boolean {
  if (record === undefined || record.desired === "down") return false;
  if (!stateTraits[record.state].isToCome || daemonInCharge(host) === undefined) return false;
  return readHold(host, record.name, Date.now()) === undefined;
}
