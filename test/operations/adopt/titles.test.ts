import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { translatePythonRegex } from "../../../src/config/python-regex/python-regex.ts";
import { titleExpression } from "../../../src/operations/adopt/titles.ts";

function expression(title: string): RegExp {
  const translated = translatePythonRegex(titleExpression(title));
  assert.ok("regex" in translated);
  return translated.regex;
}

describe("titleExpression()", () => {
  const rows: readonly (readonly [title: string, alsoFits: string | undefined, fitsNot: string])[] =
    [
      ["redis-server *:6379", undefined, "redis-server *:6380"],
      ["/usr/bin/redis-server 127.0.0.1:6379", undefined, "/usr/bin/redis-server 127.0.0.2:6379"],
      ["gunicorn: master [app:app]", undefined, "gunicorn: master [app:app2]"],
      [
        "sidekiq 7.2.4 shop [0 of 10 busy]",
        "sidekiq 7.3.0 shop [7 of 10 busy]",
        "sidekiq 7.2.4 web [0 of 10 busy]",
      ],
      [
        "puma 6.4.2 (tcp://0.0.0.0:3000) [shop]",
        "puma 6.5.0 (tcp://0.0.0.0:3000) [shop]",
        "puma 6.4.2 (tcp://0.0.0.0:3001) [shop]",
      ],
      ["next-server (v14.2.3)", "next-server (v15.0.0)", "next-server"],
      [
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        "sshd: /usr/sbin/sshd -D [listener] 2 of 10-100 startups",
        "sshd: /usr/sbin/sshd -d [listener] 0 of 10-100 startups",
      ],
    ];
  for (const [title, alsoFits, fitsNot] of rows) {
    test(title, () => {
      const regex = expression(title);
      assert.match(title, regex);
      if (alsoFits !== undefined) assert.match(alsoFits, regex);
      assert.doesNotMatch(fitsNot, regex);
    });
  }
});
