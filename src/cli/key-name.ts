import { ENV } from "../lib/env-key.ts";

/** A key of a program for people: `variable PORT` for what JSON calls `Env.PORT`. */
export function keyName(key: string): string {
  if (key === "Env") return "the environment";
  return key.startsWith(ENV) ? `variable ${key.slice(ENV.length)}` : key;
}
