import { basename } from "node:path";
import type { Format } from "./draft.ts";

/** All that can be asked for with --from. */
export const formats: readonly Format[] = ["supervisor", "pm2", "systemd", "procfile"];

/** Other files of this kind, and what to do with them. */
const NOT_READ: readonly (readonly [name: RegExp, what: string])[] = [
  [
    /\.(socket|path|target|mount|automount|slice|scope|swap)$/,
    "is a unit of systemd that starts no program: usrsvc has nothing like it",
  ],
  [
    /^(docker-)?compose.*\.ya?ml$/,
    "describes containers: keep docker compose for them, or write the commands that they run",
  ],
  [
    /^monitrc$|\.monit$/,
    "belongs to monit: usrsvc --readme, “From monit”, has its statements one by one",
  ],
];

/** Whose file it is, by its name and what is in it; or why none can be told. */
export function formatOf(file: string, text: string): Format | { readonly problem: string } {
  const name = basename(file);
  const other = NOT_READ.find(([names]) => names.test(name))?.[1];
  if (other !== undefined) return { problem: other };
  if (/\.(service|timer)$/.test(name)) return "systemd";
  if (/^Procfile|\.procfile$/i.test(name)) return "procfile";
  if (/\.[cm]?js$/.test(name)) return "pm2";
  if (/^\s*\[(Program|DefaultSettings):|^\s*\[Main\]/m.test(text)) {
    return { problem: "is a file of usrsvc itself: usrsvcd checkconfig -c FILE checks it" };
  }
  if (/^\s*\[Service\]|^\s*\[Timer\]/m.test(text)) return "systemd";
  if (
    /^\[((fcgi-)?program:|supervisord\]|eventlistener:|group:|supervisorctl\]|unix_http_server\]|include\])/m.test(
      text,
    )
  ) {
    return "supervisor";
  }
  if (/^\s*check\s+(process|system|file|host)\s/m.test(text))
    return { problem: NOT_READ[2]?.[1] ?? "" };
  if (/^services:/m.test(text)) return { problem: NOT_READ[1]?.[1] ?? "" };
  if (/\.(json5?|ya?ml)$/.test(name) || /^\s*[[{]/.test(text)) return "pm2";
  if (/^[\w-]+:\s*\S/m.test(text)) return "procfile";
  return {
    problem: `does not look like a file of another manager; say whose it is: --from ${formats.join("|")}`,
  };
}
