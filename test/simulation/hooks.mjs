/*
 * Puts the simulated files and C library in the place of the real ones, for all modules of src/ and proc/:
 * nothing there touches a file but through node:fs, nor the C library but through proc/system/libc.ts
 * (test/layers.test.ts holds them to it). So what runs here is what users run.
 */
const fs = new URL("node-fs.ts", import.meta.url).href;
const libc = new URL("libc.ts", import.meta.url).href;

/** Resolve hook, https://nodejs.org/api/module.html#resolvespecifier-context-nextresolve */
export async function resolve(specifier, context, next) {
  if (!/\/(src|proc)\//.test(context.parentURL ?? "")) return await next(specifier, context);
  if (specifier === "node:fs") return await next(fs, context);
  const isLibc = specifier.endsWith("/libc.ts");
  return await next(isLibc ? libc : specifier, context);
}
