import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { waitFor } from "./home.ts";
import { freePort } from "./servers.ts";

const SSHD = "/usr/sbin/sshd";

/** Why there can be no sshd of ours; false: there can. */
export function lacksSshd(): string | false {
  if (!existsSync(SSHD)) return "sshd is not installed";
  return spawnSync("ssh", ["-V"]).status === 0 ? false : "ssh is not installed";
}

/** An sshd of this account on free ports of this machine, with keys of its own, and an `ssh` that goes there. */
export class Sshd {
  readonly user = userInfo().username;
  readonly ports: readonly number[];
  readonly #folder: string;

  private constructor(folder: string, ports: readonly number[]) {
    this.#folder = folder;
    this.ports = ports;
  }

  /** Begins one in a folder. `forced`: what is run in place of what is asked for, port by port. */
  static async begin(
    t: TestContext,
    folder: string,
    forced: readonly (string | undefined)[],
  ): Promise<Sshd> {
    mkdirSync(folder, { mode: 0o700 });
    const ports = await freePorts(forced.length);
    const file = (name: string): string => join(folder, name);
    for (const key of ["host", "key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(key)]);
    const config = [
      ...ports.map((port) => `Port ${port}`),
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host")}`,
      `AuthorizedKeysFile ${file("key.pub")}`,
      `PidFile ${file("pid")}`,
      "UsePAM no",
      "StrictModes no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "MaxStartups 100",
      ...forced.flatMap((command, index) =>
        command === undefined
          ? []
          : [`Match LocalPort ${ports[index]}`, `    ForceCommand ${command}`],
      ),
    ];
    writeFileSync(file("sshd_config"), `${config.join("\n")}\n`);
    // Where it locks itself in before a login, if it is root's; a service makes the folder otherwise.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const child = spawn(SSHD, ["-D", "-f", file("sshd_config"), "-E", file("log")], {
      stdio: "ignore",
    });
    cleanUp(t, () => void child.kill("SIGTERM"));
    const sshd = new Sshd(folder, ports);
    sshd.#writeClient();
    await waitFor("sshd to listen", () => {
      if (child.exitCode !== null) throw new Error(readFileSync(file("log"), "utf8"));
      return existsSync(file("pid"));
    });
    return sshd;
  }

  /** A folder for PATH, with an `ssh` that has its own configuration. */
  get bin(): string {
    return join(this.#folder, "bin");
  }

  /** Adds lines to the configuration of `ssh`, before those that are there. */
  configure(lines: readonly string[]): void {
    const path = join(this.#folder, "ssh_config");
    const before = existsSync(path) ? readFileSync(path, "utf8") : "";
    writeFileSync(path, [...lines, before].join("\n"));
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  #writeClient(): void {
    this.configure([
      `IdentityFile ${this.file("key")}`,
      "IdentitiesOnly yes",
      "IdentityAgent none",
      `UserKnownHostsFile ${this.file("known_hosts")}`,
      "GlobalKnownHostsFile /dev/null",
      "StrictHostKeyChecking accept-new",
    ]);
    const ssh = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim();
    mkdirSync(this.bin);
    const script = `#!/bin/sh\nexec ${ssh} -F ${this.file("ssh_config")} "$@"\n`;
    writeFileSync(join(this.bin, "ssh"), script, { mode: 0o755 });
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let n = 0; n < count; n += 1) ports.push(await freePort());
  return ports;
}
