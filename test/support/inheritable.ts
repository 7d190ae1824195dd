import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import type { TestContext } from "node:test";
import koffi from "koffi";
import { cleanUp } from "./clean-up.ts";

const F_SETFD = 2;

/** A descriptor that children inherit, as a careless caller hands it to us; closed after the test. */
export function inheritableDescriptor(t: TestContext): number {
  const fd = openSync("/dev/null", "r");
  cleanUp(t, () => closeSync(fd));
  const fcntl = koffi.load(null).func("int fcntl(int fd, int command, int argument)");
  assert.equal(fcntl(fd, F_SETFD, 0), 0);
  return fd;
}
