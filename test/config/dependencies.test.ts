import assert from "node:assert/strict";
import { cpuMs } from "../support/cpu.ts";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Dependencies, type OrderSettings } from "../../src/config/dependencies.ts";

type Some = Partial<Omit<OrderSettings, "after">> & { readonly after?: readonly string[] };

function graph(programs: Readonly<Record<string, Some>>): Dependencies {
  return new Dependencies(
    new Map(
      Object.entries(programs).map(([name, { after = [], ...one }]) => [
        name,
        {
          name,
          instanceOf: undefined,
          enabled: true,
          autostart: true,
          needs: [],
          restartWith: [],
          after: after.map((text) => ({ kind: "program", text }) as const),
          ...one,
        },
      ]),
    ),
  );
}

describe("Dependencies", () => {
  const site = graph({
    worker: { needs: ["db"], restartWith: ["app"] },
    "app:1": { instanceOf: "app", needs: ["db"], after: ["cache"] },
    "app:2": { instanceOf: "app", needs: ["db"], after: ["cache"] },
    cache: { autostart: false },
    db: { autostart: false },
    mail: {},
  });

  test("knows after whom one starts, a name standing for its instances", () => {
    assert.deepEqual(site.of("worker"), ["db", "app:1", "app:2"]);
    assert.deepEqual(site.of("app:1"), ["cache", "db"]);
    assert.deepEqual(site.of("mail"), []);
    assert.deepEqual(site.of("nobody"), []);
  });

  test("knows who starts after one, needs it, is restarted with it", () => {
    assert.deepEqual(site.usersOf("cache"), ["app:1", "app:2"]);
    assert.deepEqual(site.neededBy("db"), ["worker", "app:1", "app:2"]);
    assert.deepEqual(site.restartedWith("app:2"), ["worker"]);
    assert.deepEqual(site.neededBy("cache"), []);
  });

  test("knows who is needed by what is started by itself", () => {
    assert.equal(site.isNeeded("db"), true);
    assert.equal(site.isNeeded("cache"), false, "that is an order only");
    assert.equal(graph({ web: { needs: ["db"], autostart: false }, db: {} }).isNeeded("db"), false);
    const chain = graph({ a: { needs: ["b"] }, b: { needs: ["c"], autostart: false }, c: {} });
    assert.equal(chain.isNeeded("c"), true);
  });

  test("puts names in order, those without dependencies where they were", () => {
    const all = ["mail", "worker", "app:1", "app:2", "cache", "db"];
    assert.deepEqual(site.inOrder(all), ["mail", "db", "cache", "app:1", "app:2", "worker"]);
    assert.deepEqual(site.inOrder(["worker", "cache"]), ["cache", "worker"], "through app");
    assert.deepEqual(site.inOrder(["mail"]), ["mail"]);
  });

  test("finds loops, each once", () => {
    const loops = graph({
      a: { after: ["b"] },
      b: { needs: ["c"] },
      c: { restartWith: ["a"] },
      d: { after: ["a"] },
      self: { needs: ["self"] },
      e: {},
    }).loops();
    assert.deepEqual(loops, [
      ["a", "b", "c", "a"],
      ["self", "self"],
    ]);
    assert.deepEqual(site.loops(), []);
  });
});

describe("Dependencies of any programs", () => {
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
  /** Each only after some before it, so that there is no loop; shuffled. */
  const acyclic = fc
    .tuple(
      fc.shuffledSubarray(names, { minLength: names.length }),
      fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.constantFrom("after", "needs", "restartWith")), {
        maxLength: 40,
      }),
    )
    .map(([order, edges]) => {
      const programs: Record<string, { after: string[]; needs: string[]; restartWith: string[] }> =
        Object.fromEntries(order.map((name) => [name, { after: [], needs: [], restartWith: [] }]));
      for (const [a, b, kind] of edges) {
        if (a !== b) programs[`p${Math.max(a, b)}`]?.[kind as "after"].push(`p${Math.min(a, b)}`);
      }
      return programs;
    });

  test("without a loop: all are in order, none is missing, and no loop is found", () => {
    fc.assert(
      fc.property(acyclic, fc.subarray(names), (programs, some) => {
        const all = graph(programs);
        const ordered = all.inOrder(some);
        assert.deepEqual([...ordered].toSorted(), some.toSorted());
        for (const [index, name] of ordered.entries()) {
          const before = all.closure(all.of(name), (one) => all.of(one));
          for (const later of ordered.slice(index)) assert.ok(!before.has(later), name);
        }
        assert.deepEqual(all.loops(), []);
      }),
    );
  });

  test("with loops: each that is found is one, and without their edges there is none", () => {
    const any = fc.dictionary(
      fc.constantFrom(...names),
      fc.record({ after: fc.subarray(names, { maxLength: 2 }) }),
    );
    fc.assert(
      fc.property(any, (programs) => {
        const all = graph(programs);
        const loops = all.loops();
        for (const loop of loops) {
          assert.equal(loop[0], loop.at(-1));
          for (const [index, name] of loop.slice(1).entries()) {
            assert.ok(all.of(loop[index] ?? "").includes(name));
          }
        }
        const inLoops = new Set(loops.flat());
        const rest = Object.entries(programs).filter(([name]) => !inLoops.has(name));
        if (loops.length === 0)
          assert.equal(all.inOrder(Object.keys(programs)).length, rest.length);
      }),
    );
  });

  test("a thousand in a chain, a fan and diamonds take no time", () => {
    const many = Array.from({ length: 1000 }, (_, index) => index);
    const chain = Object.fromEntries(
      many.map((n) => [`c${n}`, { after: n === 0 ? [] : [`c${n - 1}`] }] as const),
    );
    const fan = { top: { needs: many.map((n) => `c${n}`) } };
    const diamonds = Object.fromEntries(
      many.map((n) => [
        `d${n}`,
        { after: [`c${n}`, ...(n > 1 ? [`d${n - 1}`, `d${n - 2}`] : [])] },
      ]),
    );
    const ms = cpuMs(() => {
      const all = graph({ ...fan, ...diamonds, ...chain });
      assert.equal(all.inOrder(["top", "d999", "c0", "c999"]).join(" "), "c0 c999 top d999");
      assert.deepEqual(all.loops(), []);
      assert.equal(all.usersOf("c5").length, 3);
    });
    assert.ok(ms < 1000, `${ms} ms`);
  });
});
