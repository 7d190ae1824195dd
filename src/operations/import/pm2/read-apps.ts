import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describeUnsafe } from "../../../config/ownership.ts";
import { homeFolder } from "../../../lib/home.ts";

/** What a file for pm2 says, as plain data. */
export type Apps =
  | {
      readonly apps: readonly Readonly<Record<string, unknown>>[];
      readonly hasDeploy: boolean;
      readonly wasRun: boolean;
    }
  | { readonly problem: string };

/** How long a file that is a program may take, in ms. */
const PATIENCE_MS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Reads the apps of a file. What is a program (ecosystem.config.js) is run as one, as pm2 does, in a process of its own
 * with a time limit; so nobody else may have written it. `text` is given where it comes from a pipe.
 */
export function readApps(text: string, file: string, isPipe: boolean): Apps {
  if (/\.ya?ml$/i.test(file)) return { problem: YAML };
  const plain = parseJson(text);
  if (plain !== undefined) return appsOf(plain, false);
  if (isPipe)
    return { problem: "is not JSON; a file that is a program has to be given by its name" };
  const isProgram = /\.[cm]?js$/i.test(file);
  const path = resolve(file);
  const unsafe = [path, dirname(path)]
    .map((one) => describeUnsafe(one, statSync(one), process.getuid?.() ?? 0))
    .find((one) => one !== undefined);
  if (unsafe !== undefined) return { problem: `is a program, and is not run: it ${unsafe}` };
  const ran = run(path, isProgram ? undefined : text);
  return "problem" in ran ? ran : appsOf(ran.value, true);
}

const YAML =
  "is YAML, which is not read; as JSON it is: npx js-yaml FILE > ecosystem.json, then usrsvc import ecosystem.json";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    return undefined;
  }
}

function appsOf(value: unknown, wasRun: boolean): Apps {
  const whole = isObject(value) && isObject(value["default"]) ? value["default"] : value;
  const { apps = whole, pm2 = apps, deploy } = isObject(whole) ? whole : { apps: whole };
  const all = (Array.isArray(pm2) ? pm2 : [pm2]).filter(isObject);
  const named = all.filter((app) => ["script", "cmd", "command", "exec"].some((key) => key in app));
  if (named.length === 0) return { problem: "names no app with a script" };
  return { apps: named, hasDeploy: deploy !== undefined, wasRun };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** It prints to descriptor 3, so that what the file itself prints is not in between. A file that is no module is an expression. */
const SCRIPT = `
const [path, isText] = process.argv.slice(1);
const builtin = process.getBuiltinModule;
const text = isText ? builtin("node:fs").readFileSync(0, "utf8") : "";
const tell = (value) => {
  const all = value?.default ?? value;
  const kind = typeof all === "function" ? "a function" : typeof all?.then === "function" ? "a promise" : "";
  if (kind) fail("it exports " + kind + ", and pm2 takes an object with apps: export what that comes to");
  builtin("node:fs").writeSync(3, JSON.stringify(value) ?? "null");
  process.exit(0);
};
const fail = (error) => { console.error(String(error?.message ?? error).split("\\n")[0]); process.exit(1); };
if (text) {
  try { tell(builtin("node:vm").runInThisContext("(" + text + "\\n)", { filename: path })); } catch (error) { fail(error); }
} else import(builtin("node:url").pathToFileURL(path)).then((loaded) => tell({ default: loaded.default ?? loaded })).catch(fail);
`;

function run(
  path: string,
  text: string | undefined,
): { readonly value: unknown } | { readonly problem: string } {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawnSync(
    process.execPath,
    ["-e", SCRIPT, path, ...(text === undefined ? [] : ["text"])],
    {
      cwd: dirname(path),
      env: { ...env, HOME: homeFolder() },
      input: text ?? "",
      stdio: ["pipe", "ignore", "pipe", "pipe"],
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
      maxBuffer: MOST_BYTES,
    },
  );
  const written = child.output?.[3]?.toString() ?? "";
  const value = child.status === 0 ? parseJson(written) : undefined;
  if (value !== undefined) return { value };
  if (child.error !== undefined && "code" in child.error && child.error.code === "ETIMEDOUT") {
    return { problem: `is a program, and did not end within ${PATIENCE_MS / 1000} s` };
  }
  const why = child.stderr?.toString().trim().split("\n")[0] ?? "";
  const advice = why.startsWith("Cannot find")
    ? "; import it where its packages are installed"
    : "";
  const ending =
    child.status === null
      ? `it was ended by ${child.signal ?? "a signal"}`
      : `it ended itself, with exit code ${child.status}, before it exported anything`;
  const what = why || child.error?.message || ending;
  return { problem: `is a program, and failed: ${what}${advice}` };
}
