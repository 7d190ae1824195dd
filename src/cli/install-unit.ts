import { spawn } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { nameOf } from "../lib/accounts.ts";
import { ExitCode } from "../exit-code.ts";
import { packageRoot } from "../package-root.ts";
import { TrustedPaths, UntrustedPath } from "../lib/trusted-path.ts";
import type { DaemonCommand } from "./args.ts";
import { tellResult } from "./daemon-result.ts";
import { ownCommand } from "../operations/own-command.ts";
import type { Screen } from "./screen.ts";

type Words = Pick<DaemonCommand & { kind: "control" }, "unitFor" | "force" | "node" | "json">;

/** `usrsvcd install-unit`: has systemd/install.sh write the unit, with the path by which we were called. */
export async function installUnit(
  { unitFor, force, node, json }: Words,
  screen: Screen,
): Promise<ExitCode> {
  const script = join(packageRoot, "systemd", "install.sh");
  const distrust = process.getuid?.() === 0 ? distrustAsRoot(script) : undefined;
  if (distrust !== undefined) {
    const message = `${distrust}; root runs nothing that others can change: install it for the machine (sudo npm install -g, without --prefix), or have it belong to root alone (chown -R root:root, chmod -R go-w)`;
    return tellResult(
      { action: "install-unit", result: "failed", code: ExitCode.permission, message },
      json,
      screen,
    );
  }
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
  const [, unit, how] =
    /^(\/.*?) (written|is as it should be|differs)/m.exec(out + complaints) ?? [];
  const warnings = complaints.trim();
  if (status !== 0) {
    const isDenied = / as root|is for root|root runs nothing| cannot be (made|written)/.test(
      warnings,
    );
    return tellResult(
      {
        action: "install-unit",
        result: how === "differs" ? "differs" : "failed",
        code: isDenied ? ExitCode.permission : ExitCode.failure,
        message: warnings,
        facts: { unit },
      },
      json,
      screen,
    );
  }
  if (warnings !== "") screen.complain(warnings);
  const [message = "", ...details] = out.trimEnd().split("\n");
  const result = how === "written" ? "written" : "unchanged";
  const facts = { unit, ...(warnings === "" ? {} : { warnings: warnings.split("\n") }) };
  return tellResult(
    { action: "install-unit", result, code: ExitCode.ok, message, details, facts },
    json,
    screen,
  );
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
