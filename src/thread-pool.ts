import { stat } from "node:fs";

/** The wait for ends of processes takes one for ever; a look, or a launch, that hangs takes one for long. */
const THREADS = "12";

/**
 * Widens the pool of threads that reads of files use; libuv looks at the variable once, when the
 * first of them is needed. Programs do not inherit what was set here. A thread that is never used
 * costs 8 kB.
 */
export async function widenThreadPool(env: NodeJS.ProcessEnv): Promise<void> {
  if (env["UV_THREADPOOL_SIZE"] !== undefined) return; // somebody knows better
  env["UV_THREADPOOL_SIZE"] = THREADS;
  await new Promise((resolve) => stat("/", resolve));
  delete env["UV_THREADPOOL_SIZE"];
}
