import { spawn } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { nameOf } from "../../lib/accounts.ts";
import { ExitCode } from "../../exit-code.ts";
import { packageRoot } from "../../package-root.ts";
import { TrustedPaths, UntrustedPath } from "../../lib/trusted-path.ts";
import type { DaemonResult } from "./result.ts";
import { ownCommand } from "../own-command.ts";

/** For whom a unit is written, and how. */
export interface UnitRequest {
  /** undefined: for all accounts if root asks, else for this account. */
  readonly unitFor: "system" | "user" | undefined;
  /** Replace what is there. */
  readonly force: boolean;
  /** The node to run usrsvcd with; undefined: the one on PATH. */
  readonly node: string | undefined;
}

/** The outcome of the script, and its warnings if all went well. */
export interface InstalledUnit {
  readonly result: DaemonResult;
  readonly warnings: string;
}

/** `usrsvcd install-unit`: has systemd/install.sh write the unit, with the path by which we were called. */
export async function installUnit(request: UnitRequest): Promise<InstalledUnit> {
  const script = join(packageRoot, "systemd", "install.sh");
  const distrust = process.getuid?.() === 0 ? distrustAsRoot(script) : undefined;
  if (distrust !== undefined) {
    const message = `${distrust}; root runs nothing that others can change; install it for the whole machine (sudo npm install -g, without --prefix), or make it root's alone (chown -R root:root, chmod -R go-w)`;
    return failed({ message, code: ExitCode.permission });
  }
  const { status, out, complaints } = await runScript(script, request);
  const [, unit, how] =
    /^(\/.*?) (written|is as it should be|differs)/m.exec(out + complaints) ?? [];
  const warnings = complaints.trim();
  if (status !== 0) {
    const isDenied = / as root|is for root|root runs nothing| cannot be (made|written)/.test(
      warnings,
    );
    return failed({
      result: how === "differs" ? "differs" : "failed",
      code: isDenied ? ExitCode.permission : ExitCode.failure,
      message: warnings,
      facts: { unit },
    });
  }
  const [message = "", ...details] = out.trimEnd().split("\n");
  const result = how === "written" ? "written" : "unchanged";
  const facts = { unit, ...(warnings === "" ? {} : { warnings: warnings.split("\n") }) };
  return {
    result: { action: "install-unit", result, code: ExitCode.ok, message, details, facts },
    warnings,
  };
}

function failed(
  what: Pick<DaemonResult, "code" | "message"> & Partial<DaemonResult>,
): InstalledUnit {
  return { result: { result: "failed", ...what, action: "install-unit" }, warnings: "" };
}

/** Its exit code and output. */
async function runScript(
  script: string,
  { unitFor, force, node }: UnitRequest,
): Promise<{ status: number | null; out: string; complaints: string }> {
  const child = spawn(
    "/bin/sh",
    [
      script,
      ...(unitFor === undefined ? [] : [`--${unitFor}`]),
      ...(force ? ["--force"] : []),
      ...(node === undefined ? [] : ["--node", node]),
      "--usrsvcd",
      ownCommand("usrsvcd"),
    ],
    // Its own variables are for packagers.
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CALLED_AS: "usrsvcd install-unit", DESTDIR: "", PREFIX: "" },
    },
  );
  let out = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, out, complaints };
}

/** Who but root could change the script; the rest is for the script itself to judge. */
function distrustAsRoot(script: string): string | undefined {
  try {
    const { real } = new TrustedPaths(0).follow(script);
    const { uid, gid, mode } = lstatSync(real);
    if (uid !== 0) return `${real} belongs to ${nameOf(uid)}`;
    const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
    return isOpen ? `${real} can be changed by others` : undefined;
  } catch (error) {
    if (error instanceof UntrustedPath) return error.fault;
    throw error;
  }
}
