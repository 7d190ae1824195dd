import type { Screen } from "../../src/cli/screen.ts";
import { plainLine } from "../../src/cli/terminal/page-line.ts";

/** A screen that keeps what it is told, with how it was told. */
export interface FakeScreen extends Screen {
  readonly said: readonly (readonly [
    "result" | "page" | "coloured" | "complain" | "progress",
    string,
  ])[];
}

export function fakeScreen(): FakeScreen {
  const said: FakeScreen["said"][number][] = [];
  return {
    said,
    result: (text) => void said.push(["result", text]),
    lines: (lines) => void said.push(["result", lines.map(plainLine).join("\n")]),
    styled: (lines) => void said.push(["result", lines.join("\n")]),
    display: undefined,
    page: (text) => void said.push(["page", text]),
    coloured: (text) => void said.push(["coloured", text]),
    complain: (text) => void said.push(["complain", text]),
    progress: (text) => void said.push(["progress", text]),
    isAbandoned: false,
    lost: undefined,
    [Symbol.dispose]: () => {},
  };
}
