import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfigobj } from "../../../src/config/configobj/configobj.ts";
import { type HostsSettings, readHosts } from "../../../src/config/hosts.ts";
import { formatIssue } from "../../../src/config/issue.ts";
import { chooseHosts, nearestHost } from "../../../src/operations/hosts/choose-hosts.ts";

function hosts(text: string): HostsSettings {
  return readHosts(parseConfigobj(`[Hosts]\n${text}`), "a.cfg", () => undefined);
}

const known = hosts(`
web1 = web@web1.example
web2 = web@web2.example /opt/usrsvc
db1 = db@10.0.0.7
web = web1, web2
site = @web, db1, web1
bad = web@x;y
sick = web1, bad
`);

function names(text: string, all: HostsSettings | undefined = known): readonly string[] {
  const chosen = chooseHosts(text, all);
  assert.ok("targets" in chosen, "problem" in chosen ? chosen.problem : "");
  return chosen.targets.map(({ name }) => name);
}

describe("chooseHosts()", () => {
  test("takes names, groups, and what only ssh knows, each once and in order", () => {
    assert.deepEqual(names("db1, web1"), ["db1", "web1"]);
    assert.deepEqual(names("@site"), ["web1", "web2", "db1"]);
    assert.deepEqual(names("web2,@site,web2"), ["web2", "web1", "db1"]);
    assert.deepEqual(names("web@web1.example,web1"), ["web@web1.example"]);
    assert.deepEqual(names("alias,me@x:22,,"), ["alias", "me@x:22"]);
    assert.deepEqual(names("@web1"), ["web1"]);
    assert.deepEqual(names("ssh://web"), ["web"]);
    assert.deepEqual(names("web1", undefined), ["web1"]);
  });

  test("knows all hosts as @all, unless that is a group of its own", () => {
    const two = hosts("a = x\nb = y\ng = a, z");
    assert.deepEqual(names("@all", two), ["a", "b", "z"]);
    assert.deepEqual(names("@all", hosts("a = x\nb = y\nall = a,")), ["a"]);
  });

  test("gives what is run there", () => {
    const chosen = chooseHosts("web2", known);
    assert.ok("targets" in chosen);
    assert.equal(chosen.targets[0]?.command, "/opt/usrsvc");
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    [",", /^-H: say which hosts: -H web1,web2, or -H @group$/],
    ["@wep", /there is no group "wep" in \[Hosts\]; did you mean @web\?/],
    ["web", /web is a group in \[Hosts\]; write -H @web for its hosts, or -H ssh:\/\/web/],
    ["-G", /^-H: "-G" begins with -/],
  ];
  for (const [text, problem] of wrong) {
    test(`refuses ${text}`, () => {
      const chosen = chooseHosts(text, known);
      assert.ok("problem" in chosen);
      assert.match(chosen.problem, problem);
    });
  }

  for (const text of ["bad", "@sick", "@all"]) {
    test(`says what is wrong in the file with ${text}`, () => {
      const chosen = chooseHosts(text, known);
      assert.ok("issues" in chosen);
      assert.match(
        chosen.issues.map(formatIssue).join(),
        /^a\.cfg:\d+: bad: "web@x;y" is not a host/,
      );
    });
  }

  test("says how groups come about where there are none", () => {
    const without = chooseHosts("@web", hosts(""));
    assert.ok("problem" in without);
    assert.match(without.problem, /usrsvc\.cfg has no \[Hosts\]; write one: web = web1, web2/);
    const none = chooseHosts("@web", undefined);
    assert.ok("problem" in none);
    assert.match(none.problem, /groups are in \[Hosts\] of usrsvc\.cfg, and there is no such file/);
  });
});

test("nearestHost() knows a name that was misspelt, and none that is right", () => {
  assert.equal(nearestHost("wep1", known), "web1");
  assert.equal(nearestHost("web1", known), undefined);
  assert.equal(nearestHost("elsewhere", known), undefined);
  assert.equal(nearestHost("wep1", undefined), undefined);
});
