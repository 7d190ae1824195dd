import assert from "node:assert/strict";
import { appendFileSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ExitCode } from "../../../src/exit-code.ts";
import type { Act, News } from "../../../src/operations/acting/act.ts";
import { actOnPrograms } from "../../../src/operations/acting/act-on-programs.ts";
import { look, type Report } from "../../../src/operations/looking/look.ts";
import { programNamesOf } from "../../../src/operations/program-names.ts";
import { openSite } from "../../../src/operations/site.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { tempDir } from "../../support/temp-dir.ts";

let count = 0;

/** A home with programs, and what acts on them. */
function makeHome(t: TestContext, ...programs: readonly string[]): Home {
  const { HOME } = process.env;
  const dir = tempDir(t);
  process.env["HOME"] = dir;
  cleanUp(t, () => {
    process.env["HOME"] = HOME;
  });
  const config = join(dir, "usrsvc.cfg");
  writeFileSync(config, "[Main]\n", { mode: 0o600 });
  for (const name of programs) {
    count += 1;
    const command = `/bin/sleep ${40_000 + process.pid}.${count}`;
    appendFileSync(config, `[Program:${name}]\ncommand = ${command}\nsuccess_seconds = 0\n`);
  }
  const home: Home = {
    config,
    async act(action, names, more = {}) {
      const news: News[] = [];
      const code = await actOnPrograms(
        {
          action,
          names,
          parallel: false,
          isRolling: false,
          isHere: false,
          isAlone: false,
          isReread: false,
          config,
          ...more,
        },
        {
          tell: (one) => news.push(one),
          guard: async (act) => await act(new AbortController().signal),
          onProgress: () => {},
          debug: () => {},
        },
      );
      return { code, news: news.filter(({ kind }) => kind !== "issues") };
    },
    async look(...names) {
      using site = openSite(config);
      return await look(site, { names, withCommands: false }).report();
    },
  };
  cleanUp(t, async () => void (await home.act("stop", [])));
  return home;
}

interface Home {
  readonly config: string;
  act(
    action: Act["action"],
    names: readonly string[],
    more?: Partial<Act>,
  ): Promise<{ readonly code: ExitCode; readonly news: readonly News[] }>;
  look(...names: readonly string[]): Promise<Report>;
}

/** `web started`, `wep unknown`. */
function told(news: readonly News[]): readonly string[] {
  return news.map((one) => {
    if (one.kind === "result") return `${one.result.program} ${one.result.result}`;
    return one.kind === "unknown" ? `${one.program} unknown` : one.kind;
  });
}

describe("actOnPrograms()", () => {
  test("acts on all, tells of each as it is done, and yields a value", async (t) => {
    const home = makeHome(t, "web", "db");
    const start = await home.act("start", []);
    assert.deepEqual([start.code, told(start.news)], [ExitCode.ok, ["web started", "db started"]]);
    const seen = await home.look();
    assert.equal(seen.code, ExitCode.ok);
    assert.deepEqual(
      seen.programs.map(({ program, state }) => [program, state]),
      [
        ["web", "running"],
        ["db", "running"],
      ],
    );
    const stop = await home.act("stop", ["web"]);
    assert.deepEqual([stop.code, told(stop.news)], [ExitCode.ok, ["web stopped"]]);
    assert.equal((await home.look()).code, ExitCode.ok); // an operator has stopped it
    assert.equal((await home.look("web")).code, ExitCode.failure);
    assert.equal((await home.look("db")).code, ExitCode.ok);
    const again = await home.act("restart", [], { parallel: true });
    assert.deepEqual(told(again.news).toSorted(), ["db started", "web started"]);
  });

  test("tells of a name that is none, and acts on the others", async (t) => {
    const home = makeHome(t, "web");
    const { code, news } = await home.act("start", ["wep", "web"]);
    assert.equal(code, ExitCode.undefinedProgram);
    assert.deepEqual(told(news), ["wep unknown", "web started"]);
    const [first] = news;
    assert.equal(first?.kind === "unknown" && first.message, "no such program; did you mean web?");
    const unknown = await home.look("wep");
    assert.deepEqual([unknown.code, unknown.programs], [ExitCode.undefinedProgram, []]);
  });

  test("skips what is disabled where all are meant, and refuses it by its name", async (t) => {
    const home = makeHome(t, "web", "off");
    appendFileSync(home.config, "enabled = False\n");
    const all = await home.act("start", []);
    assert.deepEqual([all.code, told(all.news)], [ExitCode.ok, ["web started", "off disabled"]]);
    const one = await home.act("start", ["off"]);
    assert.deepEqual([one.code, told(one.news)], [ExitCode.disabled, ["off disabled"]]);
  });

  test("does nothing more once it is asked to end", async (t) => {
    const home = makeHome(t, "web", "db");
    const controller = new AbortController();
    const news: News[] = [];
    const base = {
      parallel: false,
      isRolling: false,
      isHere: false,
      isAlone: false,
      isReread: false,
      config: home.config,
    };
    await actOnPrograms(
      { ...base, action: "start", names: [] },
      {
        tell(one) {
          news.push(one);
          if (one.kind === "result") controller.abort(new Error("enough"));
        },
        guard: async (act) => await act(controller.signal),
        onProgress: () => {},
        debug: () => {},
      },
    );
    assert.deepEqual(told(news.filter(({ kind }) => kind === "result")), ["web started"]);
  });
});

describe("programNamesOf()", () => {
  test("knows faulty programs as well, and says nothing of what cannot be used", (t) => {
    const { config } = makeHome(t, "web", "my prog");
    appendFileSync(config, "restart_delay = soon\n");
    assert.deepEqual(programNamesOf(config), ["web", "my prog"]);
    assert.deepEqual(programNamesOf(undefined), ["web", "my prog"]);
    assert.deepEqual(programNamesOf(`${config}.nonesuch`), []);
    const other = `${config}.other`;
    writeFileSync(other, "[Main]\n[Program:web]\ncommand = true\n");
    chmodSync(other, 0o666);
    assert.deepEqual(programNamesOf(other), []);
    chmodSync(other, 0o600);
    assert.deepEqual(programNamesOf(other), ["web"]);
    writeFileSync(other, "[Main\n");
    assert.deepEqual(programNamesOf(other), []);
  });
});
