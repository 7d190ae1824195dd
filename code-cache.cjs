// Runs a bundle, as in `node code-cache.cjs dist/usrsvc status`, and writes down what V8 compiled.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, resolve } = require("node:path");
const { Script } = require("node:vm");

const path = resolve(process.argv[2]);
const filename = `${path}.bundle.cjs`;
process.argv.splice(1, 2, `${path}.cjs`);
const script = new Script(readFileSync(filename, "latin1"), { filename });
script.runInThisContext()(createRequire(filename), module, dirname(path), `${path}.cjs`);
process.on("exit", () => {
  writeFileSync(`${path}.${process.version}-${process.arch}.cache`, script.createCachedData());
  process.exitCode = 0; // what the command found does not matter
});
