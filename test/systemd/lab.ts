import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { finished, type LogLine, lines, type Result, waitFor } from "../e2e/home.ts";
import { cleanUp } from "../support/clean-up.ts";

const root = join(import.meta.dirname, "../..");
const script = join(import.meta.dirname, "boot.sh");
const BOOT_MS = 120_000;

/** Why no systemd can be booted here; false when one can. `memory`: with accounting of memory. */
export function whyNoLab(memory?: "memory"): string | false {
  const words = memory === undefined ? [] : [memory];
  const { status, stdout } = spawnSync("bash", [script, "probe", ...words], { encoding: "utf8" });
  return status === 0 ? false : stdout.trim() || "test/systemd/boot.sh probe failed";
}

/** A systemd with journald of its own; in it are the built commands, alice, and bob who lingers. */
export class Lab {
  /** Seen inside as /out, where everybody may write. */
  readonly out: string;
  readonly #folder: string;
  readonly #boot: ChildProcess;
  #init = "";

  private constructor(folder: string, boot: ChildProcess) {
    this.#folder = folder;
    this.out = join(folder, "out");
    this.#boot = boot;
  }

  static async boot(t: TestContext, memory?: "memory"): Promise<Lab> {
    const folder = mkdtempSync(join(tmpdir(), "usrsvc-systemd-"));
    mkdirSync(join(folder, "out"), { mode: 0o777 });
    // A copy: another test run may be building.
    for (const name of ["dist", "systemd", "contrib", "docs", "package.json", "README.md"]) {
      cpSync(join(root, name), join(folder, "usrsvc", name), { recursive: true });
    }
    const binds = [
      `${folder}/usrsvc:/opt/usrsvc`,
      `${root}/node_modules:/opt/usrsvc/node_modules`,
      `${process.execPath}:/usr/local/bin/node`,
      `${folder}/out:/out`,
    ];
    const boot = spawn("bash", [script, "run", folder, ...binds], {
      // Its input ends with us, however we end; and it is not in our group, to outlive a ^C.
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, WITH_MEMORY: memory === undefined ? "" : "1" },
      detached: true,
    });
    const lab = new Lab(folder, boot);
    cleanUp(t, async () => await lab.#end());
    let said = "";
    boot.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await waitFor("systemd to be up", () => said === "up\n" || boot.exitCode !== null, BOOT_MS);
    if (said !== "up\n") throw new Error(`systemd did not come up:\n${lab.#file("boot.log")}`);
    lab.#init = lab.#file("init").trim();
    await lab.root("chmod 1777 /out");
    return lab;
  }

  /** A shell line as root. */
  async root(line: string): Promise<Result> {
    return await this.#enter(["HOME=/root", "/bin/sh", "-c", line]);
  }

  /** What a shell line prints, as root; it must succeed. */
  async print(line: string): Promise<string> {
    return succeeded(line, await this.root(line));
  }

  /** What a shell line of alice or bob prints; it must succeed. */
  async printAs(user: "alice" | "bob", line: string): Promise<string> {
    const uid = user === "alice" ? 2001 : 2002;
    const result = await this.#enter([
      `HOME=/home/${user}`,
      `USER=${user}`,
      `XDG_RUNTIME_DIR=/run/user/${uid}`,
      "setpriv",
      `--reuid=${user}`,
      `--regid=${user}`,
      "--init-groups",
      "/bin/sh",
      "-c",
      `cd && ${line}`,
    ]);
    return succeeded(`${user}: ${line}`, result);
  }

  /** A property of a unit. */
  async show(unit: string, property: string, manager = ""): Promise<string> {
    return (await this.print(`systemctl ${manager} show -p ${property} --value ${unit}`)).trim();
  }

  /** Puts a file into the system. */
  async write(path: string, text: string): Promise<void> {
    const name = `file-${path.replaceAll("/", "_")}`;
    writeFileSync(join(this.out, name), text, { mode: 0o755 });
    await this.print(`mkdir -p "$(dirname ${path})" && cat /out/${name} >${path}`);
    await this.print(`chmod 755 ${path} && rm /out/${name}`);
  }

  /** The lines of usrsvcd's log in the journal. */
  async log(unit: string): Promise<readonly LogLine[]> {
    const line = `journalctl --sync; journalctl -q -u ${unit} -t usrsvcd -o cat`;
    return lines(await this.print(line)) as unknown as readonly LogLine[];
  }

  /** The text of a file in /out; empty while there is none. */
  said(name: string): string {
    return this.#file(join("out", name));
  }

  /** All messages of the journal, also when the system is off. */
  journal(): string {
    const words = ["-D", join(this.#folder, "journal"), "-q", "-o", "cat", "--no-pager"];
    return spawnSync("journalctl", words, { encoding: "utf8" }).stdout;
  }

  /** Resolves when the system is off, and nothing of it is left. */
  async off(): Promise<void> {
    await waitFor("the system to be off", () => this.#boot.exitCode !== null, BOOT_MS);
    const left = this.#file("cgroups").split("\n").filter(existsSync);
    if (left.length > 0) throw new Error(`left over: ${left.join(", ")}`);
  }

  async #enter(words: readonly string[]): Promise<Result> {
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const env = ["env", "-i", path, "LANG=C.UTF-8", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"];
    const all = ["-t", this.#init, "-a", ...env, ...words];
    return await finished(spawn("nsenter", all, { stdio: ["ignore", "pipe", "pipe"] }));
  }

  #file(name: string): string {
    try {
      return readFileSync(join(this.#folder, name), "utf8");
    } catch {
      return "";
    }
  }

  async #end(): Promise<void> {
    this.#boot.stdin?.end();
    await this.off();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function succeeded(what: string, { code, out, err }: Result): string {
  if (code !== 0) throw new Error(`${what}: exit ${code}\n${out}${err}`);
  return out;
}
