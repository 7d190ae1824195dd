import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { describe, test, type TestContext } from "node:test";
import { StrangerFinder } from "../../../src/operations/checkconfig/strangers.ts";
import type { ProgramSettings } from "../../../src/config/settings.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { makeLab, startedProcess } from "../../support/lab.ts";
import { waitFor } from "../../support/wait.ts";
import { procReader } from "../../../proc/reader.ts";
import { parsePid, type Pid } from "../../../proc/pid.ts";

/** A process that somebody has started, with no help of usrsvc. */
async function somebody(
  t: TestContext,
  file: string,
  ...words: readonly string[]
): Promise<number> {
  const child: ChildProcess = spawn(file, words, { stdio: "ignore", detached: true });
  cleanUp(t, () => child.kill("SIGKILL"));
  const pid = parsePid(String(child.pid)) ?? assert.fail();
  // What it shows then may be a title that it has given itself already.
  const own = procReader().stat(process.pid as Pid).image;
  await waitFor(() => procReader().stat(pid).image !== own, "the exec is done");
  await waitFor(() => procReader().cmdline(pid).length > 0, "it has its arguments"); // a moment later
  return pid;
}

let number = 0;
/** A number of seconds that no other process sleeps. */
const seconds = (): string => `${30_000 + process.pid}.${++number}`;

const titled = (source: string): Partial<ProgramSettings> => ({
  match: { kind: "title", source, regex: new RegExp(source) },
});

describe("StrangerFinder", () => {
  test("tells of another's process, but not of one that the command could have made", async (t) => {
    const lab = makeLab(t);
    const mark = seconds();
    const program = lab.settings(["/bin/sleep", mark], titled(`p ${mark}`));
    const find = (of = program): readonly string[] => new StrangerFinder(lab.host).find(of);
    assert.deepEqual(find(), []);
    const first = await somebody(t, "/bin/sleep", mark);
    assert.deepEqual(find(), []);
    assert.deepEqual(find(lab.settings(["/bin/sleep", "1"], titled(`p ${mark}`))), [
      `pid ${first} (/bin/sleep ${mark})`,
    ]);
    const second = await somebody(t, "/bin/sleep", mark);
    const both = [first, second].toSorted((a, b) => a - b); // pids begin again at the end
    assert.deepEqual(
      find(),
      both.map((pid) => `pid ${pid} (/bin/sleep ${mark})`),
    );
  });

  test("knows what was started for the program, and its children, and whose the others are", async (t) => {
    const lab = makeLab(t);
    const mark = seconds();
    const script = lab.script("app", "#!/bin/sh", `sleep ${mark} & sleep ${mark} & wait`);
    const web = lab.settings([script, mark], titled(mark));
    const process = startedProcess(await lab.start(web));
    const find = (of: ProgramSettings): readonly string[] => new StrangerFinder(lab.host).find(of);
    await waitFor(() => lab.living().length === 3, "the children are there");
    assert.deepEqual(find(web), []);
    const other = lab.settings(["/bin/sleep", "1"], { ...titled(mark), name: "other" });
    assert.deepEqual(find(other), [
      `pid ${process.pid} (/bin/sh ${script} ${mark}), which belongs to web`,
    ]);
    const stranger = await somebody(t, "/bin/sleep", mark);
    assert.deepEqual(find(web), [`pid ${stranger} (/bin/sleep ${mark})`]);
  });

  test("takes a title that a program has given itself for its own, by the executable", async (t) => {
    const lab = makeLab(t);
    const mark = seconds();
    const words = ["-e", `process.title = "titled ${mark}"; setInterval(() => {}, 9000)`];
    const pid = parsePid(String(await somebody(t, process.execPath, ...words))) ?? assert.fail();
    await waitFor(() => procReader().cmdline(pid).join().startsWith("titled"), "its title is set");
    const of = (argv: readonly string[]): readonly string[] =>
      new StrangerFinder(lab.host).find(lab.settings(argv, titled(`titled ${mark}`)));
    assert.deepEqual(of([process.execPath, "x.js"]), []);
    const script = lab.script("x.js", `#!${process.execPath}`);
    assert.deepEqual(of([script]), []);
    assert.equal(of(["/bin/sleep", "1"]).length, 1);
  });
});
