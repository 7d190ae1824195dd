import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hostNames } from "../../../src/operations/hosts/host-names.ts";
import {
  knownToSsh,
  parseKnownHosts,
  parseSshConfig,
} from "../../../src/operations/hosts/known-to-ssh.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("known_hosts", () => {
  const rows: readonly [line: string, names: readonly string[]][] = [
    ["web1.example ssh-ed25519 AAAA", ["web1.example"]],
    ["web1.example,10.0.0.7,fd00::7 ssh-rsa AAAA", ["web1.example"]],
    ["10.0.0.7 ssh-rsa AAAA", ["10.0.0.7"]],
    ["[web1.example]:2222,[10.0.0.7]:2222 ssh-rsa AAAA", ["web1.example:2222"]],
    ["[fd00::7]:2222 ssh-rsa AAAA", ["[fd00::7]:2222"]],
    ["|1|YWJj=|ZGVm= ssh-rsa AAAA", []],
    ["@cert-authority *.example ssh-rsa AAAA", []],
    ["# a comment", []],
    ["", []],
  ];
  for (const [line, names] of rows) {
    test(line === "" ? "an empty line" : line, () => {
      assert.deepEqual(parseKnownHosts(`${line}\n`), names);
    });
  }
});

test("ssh_config names hosts and what it includes, however that is written", () => {
  const text =
    'Host web1 *.example !web2\n  HostName x\nhost = db\n\tHOST "a b"\nInclude ~/c d/*\n';
  assert.deepEqual(parseSshConfig(text), {
    hosts: ["web1", "*.example", "!web2", "db", "a b"],
    includes: ["~/c", "d/*"],
  });
});

describe("what ssh knows", () => {
  test("is of its configuration with what that includes, then known hosts, each once", (t) => {
    const home = tempDir(t);
    mkdirSync(join(home, ".ssh/conf.d"), { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(home, name), text);
    write(
      ".ssh/config",
      "Include conf.d/*.conf\nInclude ~/more\nHost web1 *.x !no\nInclude config\n",
    );
    write(".ssh/conf.d/b.conf", "Host app-2\n");
    write(".ssh/conf.d/a.conf", "Host app-1\n");
    write(".ssh/conf.d/.hidden.conf", "Host hidden\n");
    write("more", "Host -oProxyCommand=x $(id) web1 fe80::1%eth0\nHost last\n");
    write(".ssh/known_hosts", "web1 k A\ngit.example k A\n");
    mkdirSync(join(home, "etc"));
    write("etc/ssh_config", "Host all-users\n");
    const known = knownToSsh(home, join(home, "etc"));
    const want = ["app-1", "app-2", "web1", "last", "all-users", "git.example"];
    assert.deepEqual(known.toSorted(), want.toSorted());
  });

  test("is nothing where there is none, or none that can be read", (t) => {
    const home = tempDir(t);
    assert.deepEqual(knownToSsh(home, home), []);
    mkdirSync(join(home, ".ssh/config"), { recursive: true });
    assert.deepEqual(knownToSsh(home, home), []);
  });
});

test("[Hosts] comes first: groups with an @, and no entry that is faulty", (t) => {
  const dir = tempDir(t);
  const config = join(dir, "usrsvc.cfg");
  writeFileSync(config, "[Hosts]\nweb1 = web@web1.example\nbad = @no\nweb = web1, web2\n", {
    mode: 0o600,
  });
  assert.deepEqual(hostNames(config).slice(0, 3), ["web1", "@web", "@all"]);
  assert.ok(!hostNames(join(dir, "none.cfg")).includes("@all"));
  writeFileSync(config, "[Hosts\n");
  assert.ok(!hostNames(config).includes("@all"));
});
