import type { ExitCode } from "../exit-code.ts";
import { configPath, findHosts } from "../operations/configuration.ts";
import type { Command, Invocation } from "./command.ts";
import { untilSignalled } from "./run.ts";

/**
 * `-H`: runs a command on other hosts. What is needed only for that is loaded only for that. It imports nothing
 * large that is loaded anyway, since the build would take the latter out of the text that runs at each start:
 * it is handed in.
 */
export async function runElsewhere(
  asked: Invocation & { readonly command: Command },
): Promise<ExitCode> {
  const { runOnHosts } = await import("./hosts/run-on-hosts.ts");
  const { config } = asked.options;
  return await runOnHosts(asked, {
    hosts: findHosts(config),
    configPath: configPath(config),
    guard: untilSignalled,
  });
}
