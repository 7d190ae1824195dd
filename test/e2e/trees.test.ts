import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { Home, sleeper, waitFor } from "./home.ts";
import { endAfter, pids } from "./looks.ts";

/** What a script of a tree does with the next ones; `LEAF` is the command that all programs share. */
type Tree =
  | { readonly kind: "leaf" }
  | { readonly kind: "wrap" | "exec" | "bare" | "wait"; readonly below: Tree }
  | { readonly kind: "both"; readonly below: Tree; readonly beside: Tree };

/**
 * A root that is a leaf has no other leaf beside it, which could be its successor. None makes a session
 * of its own: that goes on alone when its parent has gone.
 */
const trees = fc.letrec<{ tree: Tree }>((tie) => {
  const below = tie("tree");
  const kind = fc.constantFrom("wrap" as const, "exec" as const, "bare" as const, "wait" as const);
  return {
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constant<Tree>({ kind: "leaf" }),
      fc.record({ kind, below }),
      fc.record({ kind, below }),
      fc.record({ kind: fc.constant("both" as const), below, beside: below }),
    ),
  };
}).tree;

const leaves = (tree: Tree): number =>
  tree.kind === "leaf" ? 1 : leaves(tree.below) + (tree.kind === "both" ? leaves(tree.beside) : 0);

/** Writes the scripts of a tree, and yields the command of its root. */
function scripts(home: Home, name: string, tree: Tree, leaf: string): string {
  let count = 0;
  const write = (one: Tree): string => {
    if (one.kind === "leaf") return leaf;
    const below = write(one.below);
    const text = {
      wrap: `${below}\nexit $?`,
      exec: `exec ${below}`,
      bare: `env -i ${below}\nexit $?`,
      wait: `${below} &\nwait $!`,
      both: one.kind === "both" ? `${write(one.beside)} &\n${below}\nexit $?` : "",
    }[one.kind];
    count += 1;
    return home.script(`${name}-${count}.sh`, `#!/bin/sh\n${text}\n`);
  };
  return write(tree);
}

/** Whose a process truly is: all that a program makes writes to its log. */
function logOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return ""; // gone
  }
}

test("random trees with equal leaves, killed together: each program runs once again, and is itself", async (t) => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const home = new Home(t);
  const leaf = sleeper();
  const isLeaf = new RegExp(`^${leaf.replaceAll(".", String.raw`\.`)}$`);
  const ofHome = new RegExp(`${leaf}|${home.path}/t`);
  endAfter(t, home, ofHome);
  const directory = home.path;
  const want = new Map<string, number>();
  fc.sample(trees, { numRuns: 6, seed }).forEach((tree, index) => {
    home.program(`t${index}`, { command: scripts(home, `t${index}`, tree, leaf), directory });
    want.set(`t${index}`, leaves(tree));
  });
  // Two that are nothing but what all the others have for a child.
  for (const name of ["x", "y"]) {
    home.program(name, { command: leaf, directory });
    want.set(name, 1);
  }
  const leavesOf = (name: string): readonly number[] =>
    pids(home, isLeaf).filter((pid) => logOf(pid) === home.file(`log/${name}.log`));

  /** All run, each as what it is, each leaf once. */
  const calm = async (what: string): Promise<void> => {
    await waitFor(`calm ${what}`, async () => {
      const all = await home.status();
      if (!all.every((one) => one["state"] === "running")) return false;
      return [...want].every(([name, count]) => leavesOf(name).length === count);
    });
    const all = await home.status();
    assert.equal(new Set(all.map((one) => one["pid"])).size, want.size, "one process each");
    for (const { program: name, pid } of all as { program: string; pid: number }[]) {
      assert.equal(logOf(pid), home.file(`log/${name}.log`), `${name} is its own process`);
    }
  };

  await home.usrsvcd();
  await calm("in the beginning");
  for (const pid of pids(home, isLeaf)) process.kill(pid, "SIGKILL");
  await calm("after the death of all leaves");
  for (const { pid } of await home.status()) process.kill(Number(pid), "SIGKILL");
  await calm("after the death of all that status shows");
  await home.usrsvc("stop", "all", "-P");
  assert.deepEqual(pids(home, isLeaf), [], "nothing is left");
});
