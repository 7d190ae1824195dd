import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LineTimes } from "../../src/lib/line-time.ts";

const NOW = new Date(2026, 10, 28, 12).getTime();
const read = (line: string): number | undefined => new LineTimes(() => NOW).read(line);
/** Of our time zone. */
const local = (ms = 0): number => new Date(2026, 10, 28, 8, 35, 36, ms).getTime();
const utc = (ms = 0): number => Date.UTC(2026, 10, 28, 8, 35, 36, ms);

describe("the time of a line", () => {
  for (const [what, line, ms] of [
    ["of Python's logging", "2026-11-28 08:35:36,123 INFO ready", local(123)],
    ["of gunicorn", "[2026-11-28 08:35:36 +0000] [12] [INFO] Booting", utc()],
    ["of celery", "[2026-11-28 08:35:36,123: INFO/MainProcess] ready", local(123)],
    ["of Go and nginx's errors", "2026/11/28 08:35:36 [error] 1#1: x", local()],
    ["of an access log", '1.2.3.4 - bob [28/Nov/2026:09:35:36 +0100] "GET /"', utc()],
    ["of an IPv6 client", '2001:db8::1 - - [28/Nov/2026:08:35:36 +0000] "GET /"', utc()],
    ["of http.server", '127.0.0.1 - - [28/Nov/2026 08:35:36] "GET /"', local()],
    ["of redis", "1234:M 28 Nov 2026 08:35:36.123 * Ready", local(123)],
    ["of PHP-FPM", "[28-Nov-2026 08:35:36] NOTICE: ready", local()],
    ["of Tomcat", "28-Nov-2026 08:35:36.123 INFO [main] x", local(123)],
    ["of Apache's errors", "[Sat Nov 28 08:35:36.123456 2026] [core:error] x", local(123)],
    ["of syslog", "Nov 28 08:35:36 host web[1]: x", local()],
    ["of klog", "I1128 08:35:36.123456       1 main.go:1] x", local(123)],
    ["of PostgreSQL", "2026-11-28 08:35:36.123 UTC [12] LOG:  x", utc(123)],
    ["of PostgreSQL, with a short zone", "2026-11-28 09:35:36.123+01 [12] LOG:  x", utc(123)],
    ["of Spring", "2026-11-28T09:35:36.123+01:00  INFO 1 --- [main] x", utc(123)],
    ["with nanoseconds", "2026-11-28T08:35:36.123456789Z stdout F x", utc(123)],
    ["of Rails", "I, [2026-11-28T08:35:36.123456 #12]  INFO -- : x", local(123)],
    ["of NestJS", "[Nest] 12  - 11/28/2026, 8:35:36 AM     LOG x", local()],
    ["of java.util.logging", "Nov 28, 2026 8:35:36 AM org.x.Main main", local()],
    ["of pino", '{"level":30,"time":1795854936123,"msg":"x"}', utc(123)],
    ["of zap", '{"level":"info","ts":1795854936.123,"msg":"x"}', utc(123)],
    ["of bunyan", '{"name":"a","msg":"x","time":"2026-11-28T08:35:36.123Z"}', utc(123)],
    ["of logstash", '{"@timestamp":"2026-11-28T08:35:36.123Z","message":"x"}', utc(123)],
    ["of MongoDB", '{"t":{"$date":"2026-11-28T09:35:36.123+01:00"},"s":"I"}', utc(123)],
    ["of logfmt", 'level=info time="2026-11-28T08:35:36Z" msg=x', utc()],
    ["of squid", "1795854936.123    200 TCP_MISS/200", utc(123)],
    ["of svlogd (TAI64N)", "@400000006b0a92620754d4c0 x", utc(123)],
    ["that is coloured", "\u001b[2m2026-11-28T08:35:36.123Z\u001b[0m INFO x", utc(123)],
  ] as const) {
    test(`${what} is read`, () => {
      const found = read(line);
      assert.equal(found && new Date(found).toISOString(), new Date(ms).toISOString());
    });
  }

  for (const [what, line] of [
    ["nothing", ""],
    ["a stack trace", "    at run (2026-11-28T08:35:36Z.js:3)"],
    ["what only tells of a time far behind", `${"x".repeat(130)} 2026-11-28 08:35:36`],
    ["a number", "1795854936123456789012 bytes"],
    ["a clock without a date", "08:35:36.123 [info] x"],
    ["a month that is none", "2026-13-28 08:35:36 x"],
    ["other JSON", '{"count":1795854936123}'],
  ] as const) {
    test(`is none in ${what}`, () => assert.equal(read(line), undefined));
  }

  test("without a year is not one that is to come", () => {
    assert.equal(read("Dec 31 08:35:36 host x"), new Date(2025, 11, 31, 8, 35, 36).getTime());
    const eve = new LineTimes(() => new Date(2026, 11, 31, 23, 59).getTime());
    assert.equal(eve.read("Jan  1 00:00:01 host x"), new Date(2027, 0, 1, 0, 0, 1).getTime());
  });

  test("without a year is not younger than its file", () => {
    const old = new LineTimes(() => new Date(2024, 2, 1).getTime());
    assert.equal(old.read("Feb  6 08:35:36 host x"), new Date(2024, 1, 6, 8, 35, 36).getTime());
    assert.equal(old.read("Nov 28 08:35:36 host x"), new Date(2023, 10, 28, 8, 35, 36).getTime());
  });

  test("is read of lines of several kinds in one file", () => {
    const times = new LineTimes(() => NOW);
    const lines = ["2026-11-28 08:35:36 a", "Nov 28 08:35:36 b", '{"time":1795854936123}'];
    assert.deepEqual(
      lines.map((line) => times.read(line)),
      [local(), local(), utc(123)],
    );
  });
});
