import { once } from "node:events";
import type { Said, Task } from "./run.ts";
import { targets } from "./targets.ts";

/* A process that fuzzes what it is told to, until nobody tells it more. */

/** How often it says that it goes on, in ms. */
const EVERY_MS = 200;

const say = (said: Said): void => void process.send?.(said);

process.on("message", (message) => void run(message as Task));
say({ kind: "ready" });
await once(process, "disconnect");

async function run({ name, runs, seed, folder, forMs }: Task): Promise<void> {
  let inputs = 0;
  let saidAt = 0;
  const onInput = (): void => {
    inputs += 1;
    const now = performance.now();
    if (now - saidAt < EVERY_MS) return;
    saidAt = now;
    say({ kind: "goes on", inputs });
  };
  try {
    const target = targets.find((one) => one.name === name);
    if (target === undefined) throw new Error(`there is no target ${name}`);
    const end = performance.now() + forMs;
    say({ kind: "done", figures: await target.run({ runs, seed, folder, onInput, end }) });
  } catch (error) {
    say({ kind: "fault", fault: (error as Error).message });
  }
}
