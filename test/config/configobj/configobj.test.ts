import assert from "node:assert/strict";
import { cpuMs } from "../../support/cpu.ts";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { trimBlanks } from "../../../src/config/configobj/blanks.ts";
import {
  type ConfigFile,
  parseConfigobj,
  type Section,
} from "../../../src/config/configobj/configobj.ts";
import { isPrintable, printConfig, type Tree } from "../support/print-config.ts";

describe("parseConfigobj()", () => {
  test("counts lines from 1, comments and texts of several lines included", () => {
    const { root } = parseConfigobj("# one\n\n[A]\nx = '''1\n2'''\ny = 3\n");
    const section = root.sections.get("A");
    assert.equal(section?.line, 3);
    assert.equal(section?.entries.get("x")?.line, 4);
    assert.equal(section?.entries.get("y")?.line, 6);
  });

  test("keeps names that mean something in JavaScript", () => {
    const { root } = parseConfigobj("[__proto__]\nconstructor = 1\n__proto__ = 2\n");
    const entries = root.sections.get("__proto__")?.entries;
    assert.deepEqual([...(entries?.keys() ?? [])], ["constructor", "__proto__"]);
  });

  test("drops what follows a broken header, up to the next good one of its level", () => {
    const file = parseConfigobj("[A]\nx = 1\n[B\ny = 2\n[[C]]\nz = 3\n[D]\nv = 4\n");
    assert.deepEqual(names(file.root), ["A", "D"]);
    assert.deepEqual([...(file.root.sections.get("A")?.entries.keys() ?? [])], ["x"]);
    assert.deepEqual(names(file.root.sections.get("A")), []);
  });

  test("does not know to which section a broken header belongs", () => {
    assert.equal(owner(parseConfigobj("[A]\nx = 1\n[B\nhello\n")), undefined);
  });

  test("gives a broken subsection to the section around it", () => {
    assert.equal(owner(parseConfigobj("[A]\n[[Env]\nx = 1\n")), "A");
  });

  test("gives a second header of one name to the first", () => {
    assert.equal(owner(parseConfigobj("[A]\nx = 1\n[B]\n[A]\ny = 2\n")), "A");
  });

  test("gives a broken line to the section in which it stands", () => {
    assert.equal(owner(parseConfigobj("[A]\nx = 1\nhello\n[B]\n")), "A");
  });

  test("says what is wrong with a value that begins with a quoted word", () => {
    const [fault] = parseConfigobj('[A]\ncommand = "/opt/my app/run" --flag\n').faults;
    assert.match(
      fault?.message ?? "",
      /^command: the opening " of the value must be closed at its end/,
    );
  });

  test("takes a bad list as one text, unless lists are to be strict", () => {
    assert.equal(parseConfigobj("a = x,, y\n").root.entries.get("a")?.text, "x,, y");
    assert.equal(parseConfigobj("a = x,, y\n", { strictLists: true }).faults.length, 1);
  });

  test("reads 100,000 lines with an open triple quote of either kind in linear time", () => {
    const text = "a = '''x\nb = \"\"\"y\n".repeat(50_000);
    assert.ok(cpuMs(() => parseConfigobj(text)) < 3000);
  });

  test("never throws, whatever the text", () => {
    const pieces = [
      "[",
      "]",
      "[[",
      '"',
      "'",
      "'''",
      '"""',
      "#",
      ",",
      "=",
      " ",
      "\n",
      "\r",
      "a",
      "%(a)s",
      "\u2028",
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "grapheme" })));
    fc.assert(
      fc.property(text, (parts) => {
        const { faults } = parseConfigobj(parts.join(""));
        assert.ok(faults.every(({ line, message }) => line > 0 && message !== ""));
      }),
    );
  });

  test("reads a printed configuration as what was printed", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const { root, faults } = parseConfigobj(printConfig(tree));
        assert.deepEqual(faults, []);
        assert.deepEqual(treeOf(root), tree);
      }),
    );
  });
});

const anyName = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((name) => isPrintable(name) && trimBlanks(name) !== "" && !/^['"\]]|['"#\]]/.test(name));
const anyValue = fc
  .string({ unit: "grapheme" })
  .filter((value) => isPrintable(value) && !/^['"]|['"]$/.test(value));
const anyText = fc.array(anyValue, { minLength: 2 }).map((lines) => lines.join("\n"));

function anyLevel(sections: fc.Arbitrary<Tree["sections"]>): fc.Arbitrary<Tree> {
  const values = fc.uniqueArray(fc.tuple(anyName, fc.oneof(anyValue, anyText)), {
    selector: ([key]) => key,
  });
  return fc.tuple(values, sections).map(([pairs, subs]) => {
    const keys = new Map(pairs);
    return { values: keys, sections: new Map([...subs].filter(([name]) => !keys.has(name))) };
  });
}

function anySections(tree: fc.Arbitrary<Tree>): fc.Arbitrary<Tree["sections"]> {
  return fc
    .uniqueArray(fc.tuple(anyName, tree), { selector: ([name]) => name, maxLength: 3 })
    .map((pairs) => new Map(pairs));
}

const anyLeaf = anyLevel(fc.constant(new Map()));
const anyTree = anyLevel(anySections(anyLevel(anySections(anyLeaf))));

function treeOf({ entries, sections }: Section): Tree {
  return {
    values: new Map([...entries].map(([key, { text }]) => [key, text])),
    sections: new Map([...sections].map(([name, section]) => [name, treeOf(section)])),
  };
}

function names(section: Section | undefined): string[] {
  return [...(section?.sections.keys() ?? [])];
}

function owner({ faults }: ConfigFile): string | undefined {
  assert.notEqual(faults.length, 0);
  const owners = new Set(faults.map((fault) => fault.owner?.name));
  assert.equal(owners.size, 1);
  return [...owners][0];
}
