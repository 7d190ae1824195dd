import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgramSettings } from "../../../src/config/settings.ts";
import { limitFaults } from "../../../src/operations/checkconfig/limit-faults.ts";
import { programSettings } from "../../support/settings.ts";

const withSettings = (overrides: Partial<ProgramSettings>): ProgramSettings =>
  programSettings("/home/web", ["/bin/true"], overrides);

const starter = {
  whose: "of usrsvcd, pid 7",
  limits: new Map([
    ["nofile", { soft: 1024, hard: 4096 }],
    ["nice", { soft: 0, hard: 0 }],
  ]),
};

describe("limitFaults()", () => {
  test("tells what is above the hard limits of who starts the program, and below its lowest nice", () => {
    const settings = withSettings({ limitNofile: { soft: 5000, hard: undefined }, nice: -5 });
    assert.deepEqual(
      limitFaults(settings, () => starter),
      [
        {
          key: "limit_nofile",
          text: "is above the hard limit of usrsvcd, pid 7, which is 4096; ask root for more, or write less",
        },
        {
          key: "nice",
          text: "-5 is below 0, the lowest value that an account without further rights may have",
        },
      ],
    );
  });

  test("tells nothing of what may be set", () => {
    const settings = withSettings({ limitNofile: { soft: 5000, hard: undefined }, nice: 5 });
    assert.deepEqual(
      limitFaults(settings, () => undefined),
      [],
    );
    const few = withSettings({ limitNofile: { soft: 4096, hard: 4096 }, nice: 5 });
    assert.deepEqual(
      limitFaults(few, () => starter),
      [],
    );
  });

  test("asks for nobody's limits where none is set", () => {
    const ask = (): undefined => assert.fail("asked");
    assert.deepEqual(limitFaults(withSettings({}), ask), []);
  });
});
