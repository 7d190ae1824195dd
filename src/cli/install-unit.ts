import { spawn } from "node:child_process";
import { join } from "node:path";
import { ExitCode } from "../exit-code.ts";
import { packageRoot } from "../package-root.ts";
import type { DaemonCommand } from "./args.ts";
import { tellResult } from "./daemon-result.ts";
import { ownCommand } from "./own-command.ts";
import type { Screen } from "./screen.ts";

type Words = Pick<DaemonCommand & { kind: "control" }, "unitFor" | "force" | "node" | "json">;

/** `usrsvcd install-unit`: has systemd/install.sh write the unit, with the path by which we were called. */
export async function installUnit(
  { unitFor, force, node, json }: Words,
  screen: Screen,
): Promise<ExitCode> {
  const script = join(packageRoot, "systemd", "install.sh");
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
    const isDenied = / as root|is for root| cannot be (made|written)/.test(warnings);
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
