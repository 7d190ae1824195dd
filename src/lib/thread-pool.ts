import { stat } from "node:fs";

/** The wait for ends of processes takes one for ever; a look, or a launch, that hangs takes one for long. */
const THREADS = 12;

/**
 * Widens the pool of threads that reads of files use; libuv looks at the variable once, when the
 * first of them is needed. Programs do not inherit what was set here. A thread that is never used
 * costs 8 kB.
 */
export async function widenThreadPool(env: NodeJS.ProcessEnv): Promise<void> {
  const given = env["UV_THREADPOOL_SIZE"];
  if (Number(given) >= THREADS) return; // with fewer, nothing might ever be launched
  env["UV_THREADPOOL_SIZE"] = String(THREADS);
  await new Promise((resolve) => stat("/", resolve));
  if (given === undefined) delete env["UV_THREADPOOL_SIZE"];
  else env["UV_THREADPOOL_SIZE"] = given;
}
