// Bundles the two commands into dist/, and what is asked of them every day once more. CommonJS starts
// some 5 ms faster than ESM on Node 20, and one file some 10 ms faster than fifty. What only the daemon
// needs, and what has native parts, stays outside and is loaded when it is first used.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

const names = ["usrsvc", "usrsvcd"];
/**
 * What is called all day has bundles without the rest, one for what only looks and one for what acts: V8 reads all that
 * a code cache has, whatever runs.
 */
const EVERYDAY = { looks: "usrsvc-looks", acts: "usrsvc-acts" };
/** What stays in memory for months has a bundle without the commands that only ask. */
const RUNS = "usrsvcd-runs";
/** These stay outside; all else that is imported becomes part of the bundles. */
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

// usrsvcd lives for months, mostly idle: V8 keeps young objects in 1 MB instead of 16, no threads
// of its own, and what it compiled (collected as a whole, it would throw that away, and the next
// restart would have to wait for it). src/daemon/tidy.ts collects. systemd/*.service have the same.
//
// On SIGUSR1 Node opens its debugger's port to every account of the machine, as long as the program
// has not said what the signal means: no machine has this address (RFC 1112, class E), so that it
// cannot. (--disable-sigusr1 came later than Node 20.)
const noDebugger = "--inspect-port=240.0.0.1:9229";
const flags = {
  usrsvc: [noDebugger],
  usrsvcd: [
    noDebugger,
    "--expose-gc",
    "--max-semi-space-size=1",
    "--v8-pool-size=0",
    "--no-flush-bytecode",
  ],
};

// The file is a shell script that makes node run the same file: Node raises the soft limit of open
// files to the hard one as it starts, and only a shell can note the original for our programs.
// Beyond that, it lets usrsvcd go to the background: node need not boot twice for it.
//
// The rest of it runs the bundle beside it with V8's code cache, so that nothing is compiled at the
// start (10 ms). V8 refuses a cache of another version or other flags, but knows the source only by
// its length: dist/ is not to be edited by hand. Another Node looks for a file that is not there.
//
// Why is it shipped, and not made by the Node that is there, at its first run? V8 does not look for
// damage in a cache: one flipped bit, or zeros that a power failure left, and Node 20, 22 and 24 end
// with SIGSEGV before a line of ours runs. npm has compared what it installed with its checksum; for
// a file of our own we would have to compute one at each start (node:zlib takes 3 ms to load), in a
// folder that only the account itself, and nobody above it, can change. Node's own
// (module.enableCompileCache, 22.8) has a checksum, but holds only what ran while the file was
// loaded: it saves 6 to 10 ms of the 21 to 31 that this one does.
const patience = 60; // in seconds, and what follows: as in src/cli/background.ts
const noAnswer =
  `usrsvcd: no answer within ${patience} s; process $child is left alone and may still start` +
  " (check: usrsvcd status). To see what it is waiting for, such as a disk that does not respond (state D): ps -o pid,stat,wchan,args -p $child." +
  " To end it: kill $child, and if that does not help, kill -KILL $child";
const shell = {
  usrsvc: (node) => `USRSVC_NOFILE=$(ulimit -S -n) exec ${node} "$0" "$@"`,
  // In words that mean a start in the background, and nothing else, usrsvcd is made a child that
  // reports the exit code on a descriptor (src/state/startup-report.ts); the rest is left to src/usrsvcd.ts.
  // The kernel keeps from process 1 (of a container) what it has no trap for.
  usrsvcd: (node) => `[ $$ != 1 ] || trap "exit 0" TERM INT
export USRSVC_NOFILE=$(ulimit -S -n)
unset USRSVC_READY_FD USRSVC_RESTART
background=1 value= again=
for word do
  if [ "$value" ]; then value=; continue; fi
  case $word in
    start|--debug|--json|--config=?*) ;;
    restart) again=1 ;;
    -c|--config) value=1 ;;
    *) background= ;;
  esac
done
# What a container ends with stays: src/lib/container.ts knows the same names.
[ $$ != 1 ] || background=
if [ "$PPID" = 1 ] && [ "$background" ]; then
  init= child=
  { read -r init </proc/1/comm; read -r child _ </proc/1/task/1/children; } 2>/dev/null
  case $child:$init in
    $$:tini|$$:tini-static|$$:docker-init|$$:podman-init|$$:catatonit|$$:dumb-init) background= ;;
  esac
fi
[ "$background" ] || exec ${node} "$0" "$@"
# What stays of a restart is a start, for all who look at its words later.
if [ "$again" ]; then
  export USRSVC_RESTART=1
  for word do
    shift
    if [ "$value" ]; then value=
    elif [ "$word" = restart ]; then word=start
    elif [ "$word" = -c ] || [ "$word" = --config ]; then value=1
    fi
    set -- "$@" "$word"
  done
fi
{ command exec 3>&1; } 2>/dev/null || exec 3>/dev/null
{
  # The mark keeps it from being taken for a program: it is nobody's whom a record knows.
  USRSVC_PROGRAM=usrsvcd USRSVC_LAUNCH=- sleep ${patience} >/dev/null 2>&1 3>&- &
  limit=$!
  trap "kill $limit; exit" HUP INT TERM
  USRSVC_READY_FD=4 ${node} "$0" "$@" 4>&1 >&3 3>&- </dev/null &
  child=$!
  echo "limit $limit"
  echo "child $child"
  # The pipe has to end with the child. A late answer is reported in the child's name.
  exec >/dev/null 2>&1 3>&-
  ! wait $limit || echo late >/proc/$child/fd/4
} | {
  limit= child= code=
  while [ ! "$code" ] && read -r word value; do
    case $word in
      limit) limit=$value ;;
      child) child=$value ;;
      *) code=$word ;;
    esac
  done
  [ "$code" = late ] || [ ! "$limit" ] || kill "$limit"
  case $code in
    "") echo "usrsvcd: ended before it was ready" >&2 ;;
    late) echo "${noAnswer}" >&2; code=1 ;;
  esac
  exit "\${code:-254}"
}
exit`,
};

/**
 * Which bundle runs. Those of everyday commands take only what they do as the whole does (src/cli/begin-everyday.ts).
 * That they are not even asked is a guess, which saves the time to load two.
 * What runs for months has a bundle that only start and restart are in: where other words are, the whole one says
 * what it thinks of them.
 */
const choice = {
  usrsvcd: () => `const words = process.argv.slice(2);
const isPath = (at) => /^(-c|--config)$/.test(words[at - 1]) && /^[^-]/.test(words[at] ?? "-");
const isKnown = (word, at) => /^(-c|--config)$/.test(word) ? isPath(at + 1) : /^(start|restart|-f|--foreground|--json|--debug|--config=.+)$/.test(word);
const runs = words.every((word, at) => isPath(at) || isKnown(word, at));
run(runs ? "${RUNS}" : "usrsvcd");`,
  usrsvc: (everyday) => `const words = process.argv.slice(2);
const first = words.find((word, at) => word[0] !== "-" && !/^(-c|--config)$/.test(words[at - 1]));
const others = /^(-[hVwH]|--(help|version|readme|watch|hosts)(=|$))/;
if (!words.some((word) => others.test(word))) {
  if (/^(${everyday.looks.join("|")})$/.test(first)) run("${EVERYDAY.looks}");
  if (/^(${everyday.acts.join("|")})$/.test(first)) run("${EVERYDAY.acts}");
}
if (!module.exports.isTaken) run("usrsvc");`,
};
const command = (name, everyday) => `#!/bin/sh
":" /*
${shell[name](["node", ...flags[name]].join(" "))}
*/
"use strict";
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");
function run(name) {
  const filename = __dirname + "/" + name + ".bundle.cjs";
  let cachedData;
  try {
    cachedData = readFileSync(__dirname + "/" + name + "." + process.version + "-" + process.arch + ".cache");
  } catch {}
  new Script(readFileSync(filename, "latin1"), { filename, cachedData })
    .runInThisContext()(require, module, __dirname, __filename);
}
${choice[name](everyday)}
`;

/** Parts of Node that take 0.5 to 3 ms to load are loaded when one of their functions is called. */
const lateBuiltins = {
  name: "late-builtins",
  setup({ onResolve, onLoad }) {
    const require = createRequire(import.meta.url);
    onResolve(
      {
        filter: /^node:(child_process|crypto|events|fs\/promises|module|net|readline|tty|util|v8)$/,
      },
      (found) =>
        found.kind === "import-statement"
          ? { path: found.path, namespace: "late-builtins" }
          : undefined,
    );
    // thread-stream and sonic-boom, of pino, only call it.
    onResolve({ filter: /^assert$/ }, ({ path }) => ({ path, namespace: "late-function" }));
    onLoad({ filter: /.*/, namespace: "late-function" }, ({ path }) => ({
      contents: `module.exports = (...given) => require("node:${path}")(...given);`,
    }));
    onLoad({ filter: /.*/, namespace: "late-builtins" }, ({ path }) => {
      const functions = Object.entries(require(path))
        .filter(([name, value]) => typeof value === "function" && /^[a-z]\w*$/.test(name))
        .map(
          ([name]) =>
            `export function ${name}(...given) { return require("${path}").${name}(...given); }`,
        );
      return { contents: functions.join("\n") };
    });
  },
};

/**
 * pino-roll needs date-fns to roll by the calendar; we have it roll by size. So 270 kB of text stay
 * out of the memory of usrsvcd, and 28 MB off the disk of who installs it.
 */
const noCalendar = {
  name: "no-calendar",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^date-fns$/ }, ({ path }) => ({ path, namespace: "no-calendar" }));
    onLoad({ filter: /.*/, namespace: "no-calendar" }, () => ({
      contents: `
        const absent = () => { throw new Error("date-fns is not there: files are rolled by size"); };
        module.exports = new Proxy({}, { get: () => absent });`,
    }));
  },
};

/**
 * In the bundles of usrsvc, and where usrsvcd runs, dynamic imports of files of ours are static: esbuild wraps all that such a file shares with others
 * into functions, most of a bundle in the end. That costs each start 1 to 2 ms; what is loaded in vain just makes its tables.
 */
const earlyFiles = {
  name: "early-files",
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|proc)\/.*\.ts$/ }, ({ path }) => {
      const found = [];
      const text = readFileSync(path, "utf8").replaceAll(/\bimport\("(\.[^"]+)"\)/g, (_, to) => {
        found.push(`import * as early${found.length} from "${to}";`);
        return `early${found.length - 1}`;
      });
      return { contents: text + found.join("\n"), loader: "ts" }; // at the end: the lines keep their numbers
    });
  },
};

/** Builds bundles, and yields the files that went into them. */
const bundle = async (names, plugins) => {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}.bundle`, `src/${name}.ts`])),
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    bundle: true,
    // Half the text to be kept in memory. Names stay, and lines short, for the sake of stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
    platform: "node",
    target: "node20.17",
    format: "cjs",
    external: Object.keys(dependencies),
    define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
    supported: { "dynamic-import": false }, // it would need a loader in vm.Script; all are CommonJS
    plugins,
    banner: { js: "(function (require, module, __dirname, __filename) {" },
    footer: { js: "})" },
    charset: "ascii", // read as latin1, which takes no decoding
    legalComments: "eof",
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs);
};
const inputs = [
  ...(await bundle(["usrsvc", ...Object.values(EVERYDAY)], [lateBuiltins, earlyFiles])),
  ...(await bundle(["usrsvcd"], [lateBuiltins, noCalendar])),
  ...(await bundle([RUNS], [lateBuiltins, noCalendar, earlyFiles])),
];
writeFileSync("dist/LICENSES.txt", licences(inputs));
const { everyday, man, completion } = await readTables();
for (const name of names) {
  writeFileSync(`dist/${name}.cjs`, command(name, everyday));
  chmodSync(`dist/${name}.cjs`, 0o755);
}
for (const [folder, files] of Object.entries({ man, completion })) {
  mkdirSync(`dist/${folder}`);
  for (const [name, text] of files) writeFileSync(`dist/${folder}/${name}`, text);
}

// The caches are to hold what is used: by a status of a program that runs and of one that does not,
// by a restart, by an explanation of both, and by a usrsvcd that starts a program, and starts it again.
const home = mkdtempSync(join(tmpdir(), "usrsvc-build-"));
const env = { ...process.env, HOME: home };
delete env.NODE_OPTIONS; // V8 refuses a cache that was made with other flags
const run = (file, words, flags = []) =>
  execFileSync(process.execPath, [...flags, file, ...words], { env });
const makeCache = (bundle, words, flags) =>
  run("code-cache.cjs", [`dist/${bundle}`, ...words], flags);
try {
  const program = (name, autostart) =>
    `[Program:${name}]\ncommand = sleep 20\npidfile = ${home}/${name}.pid\n` +
    `stdout = ${home}/${name}.log\nsuccess_seconds = 0\nautostart = ${autostart}\n`;
  const text = `[Main]\n${program("up", "yes")}${program("down", "no")}`;
  writeFileSync(`${home}/usrsvc.cfg`, text, { mode: 0o600 });
  try {
    await superviseOnce();
    makeCache("usrsvcd", ["status"], flags.usrsvcd);
    makeCache(EVERYDAY.looks, ["status"]);
    makeCache(EVERYDAY.acts, ["restart", "up"]);
    makeCache("usrsvc", ["explain", "all"]);
  } finally {
    run("dist/usrsvc.cjs", ["stop", "up"]);
  }
} catch (error) {
  // It starts more slowly, and works all the same.
  process.stderr.write(`build: no code cache is made: ${error.message}\n`);
} finally {
  rmSync(home, { recursive: true });
}

/** What the packages ask for that are part of the bundles: to be named wherever they go. */
function licences(inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const texts = [...folders]
    .toSorted((a, b) => a.localeCompare(b))
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)\b/i.test(each));
      if (file === undefined) throw new Error(`${folder}: where is its licence?`);
      const text = readFileSync(`${folder}/${file}`, "utf8").trim();
      return `${name} ${version}\n\n${text}\n`;
    });
  const head =
    "The files beside this one hold code of the following packages, under their licences.\n";
  return [head, ...texts].join(`\n${"-".repeat(80)}\n\n`);
}

/** What follows from the tables that the commands run by: the names of everyday commands, man pages and completion. */
async function readTables() {
  const made = mkdtempSync(join(tmpdir(), "usrsvc-pages-"));
  try {
    await build({
      stdin: {
        contents: `export * from "./src/cli/man/pages.ts";
          export * from "./src/cli/completion/scripts.ts";
          export { acts } from "./src/cli/commands/usrsvc/acts.ts";
          export { looks } from "./src/cli/commands/usrsvc/looks.ts";`,
        resolveDir: ".",
      },
      outfile: `${made}/pages.cjs`,
      target: "node20.17",
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["koffi", "@parcel/watcher", "nodemailer"],
      define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
      logLevel: "warning",
    });
    const require = createRequire(import.meta.url);
    const { acts, completionScripts, looks, manPages } = require(`${made}/pages.cjs`);
    const { version } = require("./package.json");
    const seconds = process.env.SOURCE_DATE_EPOCH; // for builds that are to be the same again
    const date = new Date(seconds === undefined ? Date.now() : Number(seconds) * 1000);
    const namesOf = ({ commands }) => commands.map(({ name }) => name);
    return {
      everyday: { looks: namesOf(looks), acts: namesOf(acts) },
      man: manPages({ version, date: date.toISOString().slice(0, 10) }),
      completion: completionScripts(),
    };
  } finally {
    rmSync(made, { recursive: true });
  }
}

async function superviseOnce() {
  const words = ["code-cache.cjs", `dist/${RUNS}`, "start", "--foreground"];
  const daemon = spawn(process.execPath, [...flags.usrsvcd, ...words], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  let starts = 0;
  for await (const line of createInterface({ input: daemon.stdout })) {
    const { event, pid } = JSON.parse(line);
    if (event !== "program.started") continue;
    starts += 1;
    if (starts === 1) process.kill(pid, "SIGKILL");
    else daemon.kill("SIGTERM");
  }
  if (starts < 2) throw new Error("usrsvcd did not start a program twice");
}
