import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { maskAll, maskKnown, maskSecrets, maskWords } from "../../src/lib/secrets.ts";

describe("a secret", () => {
  const hidden: readonly (readonly [string, string])[] = [
    ["smtp://me:S3CRET@h:25", "smtp://me:***@h:25"],
    ["x: smtp://me:S3@CRET@h is wrong", "x: smtp://me:***@h is wrong"],
    ["smtp://me:S3/CRET@h", "smtp://me:***@h"],
    ["smtp://me:S3#CRET@h", "smtp://me:***@h"],
    ['"smtp://me:S3CRET"', '"smtp://me:***"'],
    ["postgres://me:12/S3CRET@h/db", "postgres://me:***@h/db"],
    ["https://S3CRET@github.com/a/b", "https://***@github.com/a/b"],
    ["https://me:S3CRET@h/a?b=c@d", "https://me:***@h/a?b=c@d"],
    ["https://me:S3/CRET@h/a", "https://me:***@h/a"],
    ["DB_PASSWORD=S3CRET ./serve", "DB_PASSWORD=*** ./serve"],
    ["DB_PASSWORD = S3CRET", "DB_PASSWORD = ***"],
    ['API_KEY="S3 CRET" x', "API_KEY=*** x"],
    ["mysqld --password=S3CRET --port=1", "mysqld --password=*** --port=1"],
    ["mysqld --auth-token S3CRET --port 1", "mysqld --auth-token *** --port 1"],
    [`{"db_password": "S3CRET", "a": "b"}`, '{"db_password": ***, "a": "b"}'],
    ["{ DB_PASSWORD: 'S3CRET', A: 'b' }", "{ DB_PASSWORD: ***, A: 'b' }"],
    ["aws_secret_access_key=S3CRET", "aws_secret_access_key=***"],
    ["http://h/?token=S3CRET&x=1", "http://h/?token=***&x=1"],
  ];
  for (const [text, masked] of hidden) {
    test(`is masked in ${text}`, () => {
      assert.equal(maskSecrets(text), masked);
      assert.equal(maskSecrets(masked), masked);
    });
  }

  const kept = [
    "http://localhost:8080/a@b",
    "tcp://127.0.0.1:5432",
    '{"url":"http://localhost:8080","pid":1}',
    "ssh://git@github.com/a/b",
    "smtp://[user:password@]host[:port]",
    "smtp://user:password@host:587",
    "http://[::1]:80/",
    "file:///a:b",
    "me@example.org",
    "Unexpected token } in JSON at position 5",
    "SyntaxError: missing token",
    "--show-secrets goes with checkconfig",
    "Unexpected token: 'import'",
    "DB_PASSWORD_FILE=/run/secrets/db x --token-file /run/t --password-path=/x",
    "PWD=/home/me OLDPWD=/x PATH=/bin:/usr/bin",
    "write NAME = VALUE into a section",
  ];
  for (const text of kept) {
    test(`is none in ${text}`, () => assert.equal(maskSecrets(text), text));
  }

  test("is masked in words, where one says what the next is", () => {
    const words = ["x", "--password", "S3CRET", "--token", "--port", "1", "smtp://a:S3CRET@h"];
    const masked = ["x", "--password", "***", "--token", "--port", "1", "smtp://a:***@h"];
    assert.deepEqual(maskWords(words), masked);
  });

  test("is masked wherever it stands in an object", () => {
    const at = new Date(0);
    const deep = { a: [{ b: "DB_PASSWORD=S3CRET" }], at, n: 1, no: undefined };
    assert.deepEqual(maskAll(deep), { a: [{ b: "DB_PASSWORD=***" }], at, n: 1, no: undefined });
  });

  test("takes time in proportion to the text", () => {
    const parts = ["a", "a.", "token", "a://", "--token ", "://", 'token="', "pass:@/"];
    for (const part of parts) {
      const text = `x://y token${part.repeat(500_000 / part.length)}`;
      const begin = process.cpuUsage();
      maskSecrets(text);
      assert.ok(process.cpuUsage(begin).user < 1_000_000, part);
    }
  });

  test("that is known is masked in any text", () => {
    assert.equal(
      maskKnown("535 S3CRET, czM= is bad", ["czM=", "S3CRET", "b"]),
      "535 ***, *** is bad",
    );
  });
});
