import { stat } from "node:fs";

/** Number of threads. Waiting for ends of processes takes one for ever; a look or launch that hangs, one for long. */
const THREADS = 12;

/**
 * Widens the pool of threads that file reads use; libuv reads the variable once, when it needs the
 * first of them. Programs do not inherit what is set here. A thread that is never used
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
