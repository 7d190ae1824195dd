import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "..");

interface Import {
  /** Path from the root, as in `src/cli/act.ts`. */
  readonly file: string;
  /** A path from the root, or the name of a package or of a part of node. */
  readonly to: string;
  readonly kind: "static" | "dynamic" | "type";
}

/** Who may import what of ours, besides itself, `proc/` and `src/lib/`: the first row that fits a file counts. */
interface Layer {
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  readonly why: string;
}

const any = (...parts: readonly string[]): RegExp => new RegExp(`^(${parts.join("|")})$`);
const folder = (...names: readonly string[]): RegExp => new RegExp(`^src/(${names.join("|")})/`);

const proc = /^proc\//;
const lib = folder("lib");
const settings = any("src/config/(settings|issue)\\.ts");
const order = any("src/config/dependencies\\.ts");
const schema = any("src/config/(schema|setting)\\.ts");
const exitCode = any("src/exit-code\\.ts");
const shownExit = any("src/events/shown-exit\\.ts");

/** The machine: values in, values out. */
const MACHINE = any(
  "src/supervisor/(machine|first-look|deaths|end-causes|held|waits|moves|backoff|program-state)\\.ts",
);

const layers: readonly Layer[] = [
  { files: proc, may: [], why: "what the kernel says, to whomever it says it" },
  { files: any("src/(exit-code|package-root)\\.ts"), may: [], why: "constants" },
  { files: lib, may: [], why: "knows no word of usrsvc" },
  {
    files: folder("config"),
    may: [],
    why: "files become settings, or issues with file and line; nothing runs",
  },
  {
    files: folder("events"),
    may: [settings, schema, any("src/state/record\\.ts")],
    why: "what happened, as values; whoever tells of it needs nothing else; monitors are named by keys of the schema",
  },
  {
    files: folder("state"),
    may: [settings, schema, exitCode, shownExit],
    why: "what outlives us: plain values in files; a digest is a loop over the schema",
  },
  {
    files: folder("identity"),
    may: [folder("state"), settings],
    why: "a process is known by its words, its kin, its mark and what is on record",
  },
  {
    files: folder("launch"),
    may: [folder("identity", "state", "notify"), settings, schema],
    why: "a launch is marked, so that identity knows it again; limits are a loop over the schema",
  },
  {
    files: folder("notify"),
    may: [folder("identity", "state"), settings],
    why: "what a program says of itself is heard from its own processes only",
  },
  {
    files: folder("checks"),
    may: [folder("launch"), any("src/identity/bounded-search\\.ts"), settings],
    why: "looks whether a condition holds, for whoever waits; of a program it needs the environment and the log",
  },
  {
    files: folder("lifecycle"),
    may: [folder("checks", "launch", "identity", "state", "notify"), settings, exitCode],
    why: "starts and stops one program, whoever asks",
  },
  {
    files: folder("host"),
    may: [folder("lifecycle", "launch", "identity", "state", "notify"), settings],
    why: "the ports of all folders, in earnest: nobody below knows it",
  },
  {
    files: folder("status"),
    may: [
      folder("identity", "state", "lifecycle", "notify"),
      settings,
      shownExit,
      any("src/package-root\\.ts"),
    ],
    why: "looks, and writes nothing",
  },
  {
    files: folder("monitors"),
    may: [settings],
    why: "measures a process; what follows is decided elsewhere",
  },
  { files: folder("alerts"), may: [folder("events"), settings], why: "turns events into mail" },
  {
    files: MACHINE,
    may: [settings, any("src/state/states\\.ts"), MACHINE],
    why: "pure: no file, no process, no clock; its states are those of the record",
  },
  {
    files: folder("supervisor"),
    may: [
      folder("lifecycle", "launch", "identity", "state", "notify", "host", "monitors", "events"),
      settings,
      order,
    ],
    why: "decides, acts by lifecycle, and emits; it mails nothing itself",
  },
  {
    files: folder("operations"),
    may: [
      folder("lifecycle", "launch", "identity", "state", "host", "status", "config"),
      any("src/checks/(run|log)-check\\.ts", "src/monitors/(monitors|measurement)\\.ts"),
      exitCode,
      shownExit,
      any("src/package-root\\.ts"),
    ],
    why: "what a person can ask for, as values: prints nothing; checks and limits are looked at by what looks at them always",
  },
  {
    files: folder("daemon"),
    may: [/^src\/(?!cli\/|usrsvc(d|-looks|-acts|d-runs)?\.ts|run-usrsvcd)/],
    why: "wires the life of usrsvcd",
  },
  {
    files: folder("cli"),
    may: [
      folder("operations", "status", "state", "config", "events"),
      exitCode,
      any("src/package-root\\.ts"),
    ],
    why: "words in, words out; never the daemon's mind",
  },
  {
    files: any("src/usrsvc(-looks|-acts)?\\.ts"),
    may: [folder("cli"), exitCode, any("src/package-root\\.ts")],
    why: "an entry: no decisions",
  },
  {
    files: any("src/usrsvcd(-runs)?\\.ts", "src/run-usrsvcd\\.ts"),
    may: [
      folder("cli"),
      exitCode,
      any(
        "src/package-root\\.ts",
        "src/run-usrsvcd\\.ts",
        "src/daemon/(daemon|cannot-begin)\\.ts",
        "src/state/startup-report\\.ts",
      ),
    ],
    why: "an entry: no decisions",
  },
];

/** The folders of src/operations/, one for a subject: each may use what lies beside them all, and these. No ring. */
const subjects: Readonly<Record<string, readonly string[]>> = {
  checkconfig: [],
  daemon: [],
  edit: [],
  hosts: [],
  logs: [],
  "one-program": ["daemon"],
  requests: ["one-program"],
  import: ["checkconfig"],
  looking: ["daemon", "logs"],
  changes: ["daemon", "looking"],
  explain: ["looking"],
  acting: ["changes", "daemon", "one-program", "requests"],
  adopt: ["daemon", "looking"],
};

/** No layer is without these. */
const ground = [proc, lib];

/** Packages, and parts of node, and who alone may import them. What is not listed nobody may. */
const outsiders: readonly {
  readonly name: RegExp;
  readonly may: RegExp;
  readonly kind?: "dynamic" | "type";
}[] = [
  { name: /^koffi$/, may: /^proc\/system\/libc\.ts$/ },
  { name: /^koffi$/, may: /^proc\/system\/libc-(children|datagrams)\.ts$/, kind: "type" },
  { name: /^ini$/, may: /^src\/config\// },
  { name: /^(pino|sonic-boom)$/, may: /^src\/events\/log\.ts$/ },
  { name: /^pino-roll$/, may: /^src\/events\/log\.ts$/, kind: "dynamic" },
  {
    name: /^@parcel\/watcher$/,
    may: /^src\/monitors\/activity-file\.ts$/,
    kind: "dynamic",
  },
  { name: /^nodemailer$/, may: /^src\/alerts\//, kind: "dynamic" },
  {
    name: /^node:fs(\/promises)?$/,
    may: /^(proc\/(reader|particulars|own-proc|system\/(attributes|datagram-socket|descriptors|epoll|native-spawner|pidfd))|src\/config\/(load|read-file|read-folder))\.ts$/,
  },
  {
    name: /^node:path$/,
    may: /^src\/config\/(load|read-file|read-folder|values|resolve\/[a-z]+)\.ts$/,
  },
  { name: /^node:(os|module)$/, may: /^proc\// },
  { name: /^node:(child_process|stream)$/, may: /^proc\/system\/node-spawner\.ts$/ },
  { name: /^node:(child_process|diagnostics_channel)$/, may: /^proc\/system\/reaper\.ts$/ },
  // Free everywhere but in proc/, config/ and the machine.
  {
    name: /^node:/,
    may: /^src\/(?!config\/|supervisor\/(machine|first-look|deaths|end-causes|held|waits|moves|backoff|program-state)\.ts)/,
  },
];

const imports = sources().flatMap(importsOf);

/** All files of proc/ and src/. */
function sources(): readonly string[] {
  return ["proc", "src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
      .map((path) => `${folder}/${path}`),
  );
}

function importsOf(file: string): readonly Import[] {
  const text = withoutComments(readFileSync(join(root, file), "utf8"));
  const found: Import[] = [];
  const add = (pattern: RegExp, kindOf: (match: RegExpExecArray) => Import["kind"]): void => {
    for (const match of text.matchAll(pattern)) {
      const [, target = ""] = match;
      const to = target.startsWith(".") ? normalize(join(dirname(file), target)) : target;
      found.push({ file, to, kind: kindOf(match) });
    }
  };
  add(/^(?:import|export)\b[^;"]*?\bfrom\s*"([^"]+)"/gm, ([all]) =>
    /^(import|export)\s+type\b/.test(all) ? "type" : "static",
  );
  add(/^import\s*"([^"]+)"/gm, () => "static");
  add(/\bimport\(\s*"([^"]+)"\s*\)/g, () => "dynamic");
  add(/\b(?:require|createRequire\([^)]*\))\(\s*"([^"]+)"\s*\)/g, () => "dynamic");
  return found;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

const isOurs = (to: string): boolean => /^(proc|src)\//.test(to);

describe("each import", () => {
  test("is found by this test", () => {
    const places = [
      ["proc/system/libc.ts", "koffi", "dynamic"],
      ["proc/system/libc.ts", "koffi", "type"],
      ["src/run-usrsvcd.ts", "src/daemon/daemon.ts", "dynamic"],
      ["src/monitors/activity-file.ts", "@parcel/watcher", "dynamic"],
      ["src/events/log.ts", "pino", "static"],
    ];
    for (const [file, to, kind] of places) {
      assert.ok(
        imports.some((one) => one.file === file && one.to === to && one.kind === kind),
        `${kind} import of ${to} in ${file}`,
      );
    }
    assert.ok(imports.length > 200);
  });

  test("of a file of ours names one that is there", () => {
    for (const { file, to } of imports) {
      if (isOurs(to)) assert.ok(existsSync(join(root, to)), `${file} imports ${to}`);
    }
  });

  test("of a file of ours is one that its layer may make", () => {
    const wrong = imports.filter(({ file, to }) => {
      const layer = layers.find(({ files }) => files.test(file));
      assert.ok(layer, `${file} is in no layer: say in test/layers.test.ts what it may import`);
      const isItself = !MACHINE.test(file) && folderOf(to) === folderOf(file);
      return (
        isOurs(to) && !isItself && ![...layer.may, ...groundOf(file)].some((one) => one.test(to))
      );
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("within operations/ leads to what lies beside all subjects, or to a subject that may be used", () => {
    const subjectOf = (path: string): string | undefined =>
      /^src\/operations\/([^/]+)\//.exec(path)?.[1];
    const wrong = imports.filter(({ file, to }) => {
      const [from, subject] = [subjectOf(file), subjectOf(to)];
      if (from === undefined || subject === undefined || from === subject) return false;
      const may = subjects[from];
      assert.ok(may, `${file} is of no subject: say in test/layers.test.ts what it may import`);
      return !may.includes(subject);
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("of anything else is made where it may be made, and as it may be made", () => {
    const wrong = imports.filter(({ file, to, kind }) => {
      if (isOurs(to)) return false;
      const rules = outsiders.filter(({ name }) => name.test(to));
      // Of the rules for node, one that fits is enough.
      return !rules.some(
        (rule) =>
          rule.may.test(file) && (rule.kind === undefined || kind === "type" || rule.kind === kind),
      );
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("goes nowhere but to packages that package.json names", () => {
    // The build bundles the latter: they come with dist/.
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
    const named = { ...dependencies, ...devDependencies };
    const wrong = imports.filter(
      ({ to, kind }) => kind !== "type" && !isOurs(to) && !to.startsWith("node:") && !(to in named),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("of man pages and completion is made by no program: the build has them", () => {
    const isPage = (path: string): boolean =>
      /^src\/cli\/(man\/.*|completion\/(?!hidden-commands)\w+|commands\/tools)\.ts$/.test(path);
    const wrong = imports.filter(({ file, to }) => isPage(to) && !isPage(file));
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("of an entry is made by nobody", () => {
    const wrong = imports.filter(({ to }) => /^src\/usrsvc(d|-looks|-acts|d-runs)?\.ts$/.test(to));
    assert.deepEqual(wrong.map(describeImport), []);
  });
});

/** `src/lib`, `proc`. */
function folderOf(path: string): string {
  const [top = "", next = ""] = path.split("/");
  return top === "proc" ? top : `${top}/${next}`;
}

/** What is the ground of all has none itself, and the machine has no clock. */
function groundOf(file: string): readonly RegExp[] {
  if (proc.test(file)) return [];
  return MACHINE.test(file) ? [any("proc/(pid|exit)\\.ts", "src/lib/assert-never\\.ts")] : ground;
}

function describeImport({ file, to, kind }: Import): string {
  return `${file} imports ${to} (${kind})`;
}

describe("at its start", () => {
  const daemonOnly =
    /^(src\/(events\/log|supervisor\/.*|monitors\/.*|alerts\/.*|daemon\/.*)|pino|pino-roll|sonic-boom|@parcel\/watcher|nodemailer|koffi)/;

  const pages = /^src\/cli\/(help|exit-codes)\.ts$/;

  for (const entry of [
    "src/usrsvc.ts",
    "src/usrsvc-looks.ts",
    "src/usrsvc-acts.ts",
    "src/usrsvcd.ts",
    "src/usrsvcd-runs.ts",
  ]) {
    test(`${entry} loads no text that only --help needs`, () => {
      const wrong = [...loadedBy(entry)].filter(([to]) => pages.test(to));
      assert.deepEqual(
        wrong.map(([, path]) => path.join(" → ")),
        [],
      );
    });

    test(`${entry} loads nothing that only -H needs`, () => {
      const wrong = [...loadedBy(entry)].filter(([to]) =>
        /^src\/(cli|operations)\/hosts\//.test(to),
      );
      assert.deepEqual(
        wrong.map(([, path]) => path.join(" → ")),
        [],
      );
    });

    test(`${entry} loads nothing that only the daemon needs`, () => {
      const wrong = [...loadedBy(entry)].filter(([to]) => daemonOnly.test(to));
      assert.deepEqual(
        wrong.map(([, path]) => path.join(" → ")),
        [],
      );
    });
  }
});

test("the bundles of everyday commands have nothing that only others need", () => {
  const others =
    /^src\/(cli\/(commands\/usrsvc\/(adopt|completion|edit|explain|import|init|live-status|match|metrics|table|top)|(edit-and-tell|help|manual|on-hosts|pages|render-(explanation|matches)))\.ts$|cli\/(hosts|top)\/|cli\/commands\/usrsvcd\/|operations\/((adopt|edit|hosts|import)\/|(adopt|explain|first-config|match)\b)|alerts\/|daemon\/|supervisor\/|monitors\/)/;
  for (const entry of ["src/usrsvc-looks.ts", "src/usrsvc-acts.ts"]) {
    const wrong = [...loadedBy(entry, ["static", "dynamic"])].filter(([to]) => others.test(to));
    assert.deepEqual(
      wrong.map(([, path]) => path.join(" → ")),
      [],
    );
  }
});

test("what only -H needs brings in little of what is loaded anyway, which the build takes out of the text of each start", () => {
  const small =
    /^(src\/(cli|operations\/hosts|lib|exit-code)\b|src\/config\/(destination|issue|nearest|values)\.ts|src\/events\/shown-exit\.ts|src\/state\/(hold|named-object|states)\.ts|src\/status\/is-right\.ts|proc\/signal\.ts|node:)/;
  const wrong = [...loadedBy("src/cli/hosts/run-on-hosts.ts")].filter(([to]) => !small.test(to));
  assert.deepEqual(
    wrong.map(([, path]) => path.join(" → ")),
    [],
  );
});

/** What is loaded when `entry` is, each with the way that leads there; with dynamic imports: what it may load at all. */
function loadedBy(
  entry: string,
  kinds: readonly Import["kind"][] = ["static"],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [file, path] of found) {
    for (const one of imports) {
      if (one.file !== file || !kinds.includes(one.kind) || found.has(one.to)) continue;
      found.set(one.to, [...path, one.to]);
    }
  }
  return found;
}
