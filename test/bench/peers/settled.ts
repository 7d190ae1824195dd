import type { Home } from "../home.ts";
import { now, waitFor } from "../wait.ts";

/** Waits until the last start of each of `ids` is so long ago that its end is not a failed start. */
export async function settledByAge(
  { services, signal }: Home,
  ids: readonly string[],
  ageMs: number,
): Promise<void> {
  const look = (): true | undefined => {
    const before = now() - ageMs * 1e6;
    const old = services
      .latest(ids)
      .filter(({ at, pid }) => at < before && services.isService(pid));
    return old.length === ids.length ? true : undefined;
  };
  await waitFor(`${ids.length} services are ${ageMs} ms old`, look, signal);
}
