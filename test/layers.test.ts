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

/** Who may import what of ours, besides itself: the first row that fits a file counts. */
interface Layer {
  readonly files: RegExp;
  readonly may: RegExp;
}

const proc = "proc/.*";
const leaves =
  "src/(accounts|assert-never|clock|container|exit-code|fault|file-stem|format|name-file|open-log|own-folder|package-root|private-file|read-file|readiness|same-file|secrets|sendmail|status|tame|thread-pool|trusted-path|write-file|writers)\\.ts";
const daemonFiles = "src/daemon-(info|alive)\\.ts";
const settings = "src/config/(settings|issue)\\.ts";
const any = (...parts: readonly string[]): RegExp => new RegExp(`^(${parts.join("|")})$`);

const layers: readonly Layer[] = [
  { files: any(proc), may: any(proc) },
  {
    files: any("src/status\\.ts"),
    may: any("proc/(exit|pid)\\.ts", leaves, "src/monitors/violation\\.ts"),
  },
  { files: any("src/writers\\.ts"), may: any("proc/libc\\.ts", leaves) },
  { files: any(leaves), may: any("proc/(brand|pid|exit)\\.ts", leaves) },
  { files: any("src/log\\.ts"), may: any(leaves) },
  {
    files: any(daemonFiles),
    may: any("proc/(pid|reader)\\.ts", leaves, daemonFiles, "src/program/state-dir\\.ts"),
  },
  { files: any("src/config/.*"), may: any("src/config/.*", leaves) },
  {
    files: any("src/program/.*"),
    may: any("src/program/.*", proc, leaves, settings, "src/monitors/violation\\.ts"),
  },
  { files: any("src/monitors/.*"), may: any("src/monitors/.*", proc, leaves, settings) },
  {
    files: any("src/alerts/.*"),
    may: any(
      "src/alerts/.*",
      leaves,
      settings,
      "src/monitors/violation\\.ts",
      "src/program/state-dir\\.ts",
    ),
  },
  {
    files: any("src/supervisor/machine\\.ts"),
    may: any("proc/(pid|exit)\\.ts", "src/assert-never\\.ts", "src/config/settings\\.ts"),
  },
  {
    files: any("src/supervisor/.*"),
    may: any("src/(supervisor|program|monitors|alerts)/.*", proc, leaves, settings, "src/log\\.ts"),
  },
  { files: any("src/daemon/.*"), may: any(proc, "src/(?!cli/|usrsvcd?\\.ts).*") },
  {
    files: any("src/operations/.*"),
    may: any("src/(operations|program)/.*", proc, leaves, daemonFiles, settings),
  },
  {
    files: any("src/cli/.*"),
    may: any("src/(cli|config|operations|program)/.*", proc, leaves, daemonFiles),
  },
  { files: any("src/usrsvc\\.ts"), may: any("src/cli/.*", leaves) },
  { files: any("src/usrsvcd\\.ts"), may: any("src/cli/.*", leaves, "src/daemon/run\\.ts") },
];

/** Packages, and parts of node, and who alone may import them. What is not listed nobody may. */
const outsiders: readonly {
  readonly name: RegExp;
  readonly may: RegExp;
  readonly kind?: "dynamic";
}[] = [
  { name: /^koffi$/, may: /^proc\/libc\.ts$/ },
  { name: /^ini$/, may: /^src\/config\// },
  { name: /^(pino|sonic-boom)$/, may: /^src\/log\.ts$/ },
  { name: /^pino-roll$/, may: /^src\/log\.ts$/, kind: "dynamic" },
  {
    name: /^@parcel\/watcher$/,
    may: /^src\/monitors\/activity\.ts$/,
    kind: "dynamic",
  },
  { name: /^nodemailer$/, may: /^src\/alerts\//, kind: "dynamic" },
  {
    name: /^node:fs(\/promises)?$/,
    may: /^(proc\/(reader|own-proc|descriptors|epoll|pidfd|spawn)|src\/config\/load)\.ts$/,
  },
  { name: /^node:path$/, may: /^src\/config\/(load|values|resolve(-[a-z]+)?)\.ts$/ },
  { name: /^node:(os|module)$/, may: /^proc\// },
  { name: /^node:(child_process|stream)$/, may: /^proc\/spawn\.ts$/ },
  { name: /^node:(child_process|diagnostics_channel)$/, may: /^proc\/reaper\.ts$/ },
  // Free everywhere but in proc/, config/ and the machine.
  { name: /^node:/, may: /^src\/(?!config\/|supervisor\/machine\.ts)/ },
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
      ["src/usrsvcd.ts", "src/daemon/daemon.ts", "dynamic"],
      ["src/monitors/activity.ts", "@parcel/watcher", "dynamic"],
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
      return isOurs(to) && !layer.may.test(to);
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
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const wrong = imports.filter(
      ({ to, kind }) =>
        kind !== "type" && !isOurs(to) && !to.startsWith("node:") && !(to in dependencies),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test("of an entry is made by nobody", () => {
    const wrong = imports.filter(({ to }) => /^src\/usrsvcd?\.ts$/.test(to));
    assert.deepEqual(wrong.map(describeImport), []);
  });
});

function describeImport({ file, to, kind }: Import): string {
  return `${file} imports ${to} (${kind})`;
}

describe("at its start", () => {
  const daemonOnly =
    /^(src\/(log|supervisor\/.*|monitors\/.*|alerts\/.*|daemon\/.*)|pino|pino-roll|sonic-boom|@parcel\/watcher|nodemailer|koffi)/;

  for (const entry of ["src/usrsvc.ts", "src/usrsvcd.ts"]) {
    test(`${entry} loads nothing that only the daemon needs`, () => {
      const wrong = [...loadedBy(entry)].filter(([to]) => daemonOnly.test(to));
      assert.deepEqual(
        wrong.map(([, path]) => path.join(" → ")),
        [],
      );
    });
  }
});

/** What is loaded when `entry` is, each with the way that leads there. */
function loadedBy(entry: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [file, path] of found) {
    for (const one of imports) {
      if (one.file !== file || one.kind !== "static" || found.has(one.to)) continue;
      found.set(one.to, [...path, one.to]);
    }
  }
  return found;
}
