import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Dependencies, type OrderSettings } from "../../src/config/dependencies.ts";
import { type PlannedStep, planOf } from "../../src/operations/order-plan.ts";

type Kind = "after" | "needs" | "restartWith";
type Edges = Readonly<Record<string, Partial<Readonly<Record<Kind, readonly string[]>>>>>;

function graph(edges: Edges): Dependencies {
  const settings = Object.entries(edges).map(
    ([name, { after = [], needs = [], restartWith = [] }]): OrderSettings => ({
      name,
      instanceOf: undefined,
      enabled: true,
      autostart: true,
      after: after.map((text) => ({ kind: "program", text })),
      needs,
      restartWith,
    }),
  );
  return new Dependencies(new Map(settings.map((one) => [one.name, one])));
}

interface Now {
  readonly up?: readonly string[];
  readonly stoppedFor?: Readonly<Record<string, string>>;
}

function plan(
  action: PlannedStep["action"],
  names: readonly string[],
  order: Dependencies,
  { up = [], stoppedFor = {} }: Now = {},
): readonly PlannedStep[] {
  return planOf(action, names, order, {
    isUp: (name) => up.includes(name),
    stoppedFor: (name) => stoppedFor[name],
  });
}

/** `start db (is-needed web)`. */
const words = (steps: readonly PlannedStep[]): readonly string[] =>
  steps.map(({ name, action, because }) =>
    because === undefined
      ? `${action} ${name}`
      : `${action} ${name} (${because.kind} ${because.program})`,
  );

const site = graph({
  worker: { restartWith: ["web"] },
  web: { needs: ["db"], after: ["cache"] },
  db: { after: ["disk"] },
  disk: {},
  cache: {},
});
const all = ["worker", "web", "db", "disk", "cache"];

describe("planOf", () => {
  const rows: readonly [
    claim: string,
    action: PlannedStep["action"],
    names: readonly string[],
    now: Now,
    want: readonly string[],
  ][] = [
    [
      "starts what is needed first",
      "start",
      ["web"],
      {},
      ["start db (is-needed web)", "start web"],
    ],
    ["but not what runs", "start", ["web"], { up: ["db"] }, ["start web"]],
    [
      "starts all in order",
      "start",
      all,
      {},
      ["cache", "disk", "db", "web", "worker"].map((name) => `start ${name}`),
    ],
    [
      "brings back what was stopped for it",
      "start",
      ["db"],
      { stoppedFor: { web: "db" } },
      ["start db", "start web (was-stopped-for db)"],
    ],
    [
      "and not what was stopped for another",
      "start",
      ["db"],
      { stoppedFor: { web: "x" } },
      ["start db"],
    ],
    ["stops what needs it first", "stop", ["db"], { up: all }, ["stop web (needs db)", "stop db"]],
    ["but not what is down", "stop", ["db"], {}, ["stop db"]],
    ["stops nothing because of an order alone", "stop", ["cache"], { up: all }, ["stop cache"]],
    ["stops all in the reverse order", "stop", all, {}, all.map((name) => `stop ${name}`)],
    [
      "restarts what is restarted with it, after it",
      "restart",
      ["web"],
      { up: all },
      ["restart web", "restart worker (restart-with web)"],
    ],
    ["but not what is down", "restart", ["web"], { up: ["db"] }, ["restart web"]],
    [
      "starts what a restarted one needs",
      "restart",
      ["web"],
      {},
      ["start db (is-needed web)", "restart web"],
    ],
    ["leaves names in peace that it does not know", "stop", ["gone"], {}, ["stop gone"]],
  ];
  for (const [claim, action, names, now, want] of rows) {
    test(`${claim}: ${action} ${names.join(" ")}`, () => {
      assert.deepEqual(words(plan(action, names, site, now)), want);
    });
  }
});

describe("planOf, for any programs,", () => {
  const names = Array.from({ length: 9 }, (_, index) => `p${index}`);
  const story = fc
    .record({
      edges: fc.array(
        fc.tuple(fc.nat(8), fc.nat(8), fc.constantFrom<Kind>("after", "needs", "restartWith")),
        { maxLength: 24 },
      ),
      order: fc.shuffledSubarray(names, { minLength: 9 }),
      action: fc.constantFrom<PlannedStep["action"]>("start", "stop", "restart"),
      named: fc.subarray(names, { minLength: 1 }),
      up: fc.subarray(names),
      stoppedFor: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...names)),
    })
    .map(({ edges, order, action, named, up, stoppedFor }) => {
      const programs: Record<string, Record<Kind, string[]>> = Object.fromEntries(
        order.map((name) => [name, { after: [], needs: [], restartWith: [] }]),
      );
      for (const [a, b, kind] of edges) {
        if (a !== b) programs[`p${Math.max(a, b)}`]?.[kind].push(`p${Math.min(a, b)}`);
      }
      return { graph: graph(programs), action, named, up, stoppedFor };
    });

  function always(
    claim: (
      steps: readonly PlannedStep[],
      story: { graph: Dependencies; action: PlannedStep["action"]; named: string[]; up: string[] },
    ) => void,
  ): void {
    fc.assert(
      fc.property(story, (one) => claim(plan(one.action, one.named, one.graph, one), one)),
      { numRuns: 500 },
    );
  }

  test("each is acted on once, all that are named are, and after only those that came before", () => {
    always((steps, { named }) => {
      const done = new Set<string>();
      for (const { name, after } of steps) {
        assert.ok(!done.has(name));
        for (const one of after) assert.ok(done.has(one), `${name} after ${one}`);
        done.add(name);
      }
      for (const name of named) assert.ok(done.has(name));
    });
  });

  test("what is started has all that it needs, before it or running", () => {
    always((steps, { graph: order, action, up }) => {
      if (action === "stop") return;
      const places = new Map(steps.map(({ name }, index) => [name, index]));
      for (const [index, { name }] of steps.entries()) {
        for (const one of order.needsOf(name)) {
          assert.ok(up.includes(one) || (places.get(one) ?? index) < index, `${name} needs ${one}`);
        }
      }
    });
  });

  test("what is stopped leaves nobody running who needs it", () => {
    always((steps, { graph: order, action, up }) => {
      if (action !== "stop") return;
      const places = new Map(steps.map(({ name }, index) => [name, index]));
      for (const [index, { name }] of steps.entries()) {
        for (const user of order.neededBy(name)) {
          if (up.includes(user))
            assert.ok((places.get(user) ?? index) < index, `${user} needs ${name}`);
        }
      }
    });
  });

  test("who starts after another comes after it, who stops comes before it", () => {
    always((steps, { graph: order, action }) => {
      const done = steps.map(({ name }) => name);
      const ordered = action === "stop" ? done.toReversed() : done;
      for (const [index, name] of ordered.entries()) {
        for (const later of ordered.slice(index + 1)) assert.ok(!order.of(name).includes(later));
      }
    });
  });
});
