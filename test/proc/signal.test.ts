import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import {
  shortSignal,
  shortSignalNames,
  signalName,
  signalNamed,
  signalNumbered,
} from "../../proc/signal.ts";

test("signalName has a name for each number", () => {
  assert.equal(signalName(1), "SIGHUP");
  fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), (n) => signalName(n).startsWith("SIG")));
});

test("signalNamed takes a name with or without SIG, in any case", () => {
  for (const name of ["TERM", "SIGTERM", "term", "SigTerm"]) {
    assert.equal(signalNamed(name), "SIGTERM");
  }
  assert.equal(signalNamed("IOT"), "SIGIOT", "a second name is one as well");
  for (const name of ["", "SIG", "TERM ", "15", "QIUT", "constructor"]) {
    assert.equal(signalNamed(name), undefined, name);
  }
});

test("signalNumbered takes the numbers that have names", () => {
  assert.equal(signalNumbered("15"), "SIGTERM");
  assert.equal(signalNumbered("09"), "SIGKILL");
  for (const text of ["0", "-1", "34", "99", "1.5", "TERM", ""]) {
    assert.equal(signalNumbered(text), undefined, text);
  }
});

test("shortSignalNames are the usual names, one for each number", () => {
  assert.ok(shortSignalNames.includes("TERM") && !shortSignalNames.includes("IOT"));
  for (const name of shortSignalNames) {
    const signal = signalNamed(name);
    assert.ok(signal !== undefined && shortSignal(signal) === name);
  }
});
