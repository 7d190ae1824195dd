import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { npmTitles } from "../../src/identity/npm-title.ts";

/** What npm 11 shows of a command, as /proc has it. */
const seen: readonly [command: string, title: string][] = [
  ["npm start", "npm start"],
  ["/usr/bin/npm start --silent", "npm start"],
  ["npm -s start", "npm start"],
  ["npm --prefix /srv/app start", "npm start"],
  ["npm run dev --loglevel warn", "npm run dev"],
  ["npm run dev -- --port 3000", "npm run dev --port 3000"],
  ["npm start -- -v x", "npm start -v x"],
  ["npm exec -- node server.js", "npm exec node server.js"],
  ["npx node server.js", "npm exec node server.js"],
  ["npx mysrv --port 1", "npm exec mysrv --port 1"],
  ["npx --yes mysrv -v", "npm exec mysrv -v"],
  ["npx -p pkg mysrv -v", "npm exec mysrv -v"],
  ["npx -- mysrv --port 1", "npm exec mysrv --port 1"],
  ["npx mysrv a -- b", "npm exec mysrv a -- b"],
  ["npm run dev -- a -- b", "npm run dev a -- b"],
  ["node /usr/bin/npm start", "npm start"],
  ["/usr/bin/node /usr/lib/node_modules/npm/bin/npm-cli.js run dev", "npm run dev"],
];

describe("npmTitles", () => {
  for (const [command, title] of seen) {
    test(command, () => {
      assert.ok(
        npmTitles(command.split(" ")).includes(title),
        npmTitles(command.split(" ")).join(),
      );
    });
  }

  for (const command of [
    "",
    "node server.js",
    "echo a npm start",
    "mynpm start",
    "sh -c npm\\ start",
  ]) {
    test(`none of ${JSON.stringify(command)}`, () => {
      assert.deepEqual(npmTitles(command.split(" ")), []);
    });
  }
});
