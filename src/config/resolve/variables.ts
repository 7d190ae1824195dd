import type { HostFacts } from "./main.ts";

/** What `%(name)s` stands for where no section sets it; undefined: nothing. */
export type Variables = (name: string) => string | undefined;

/** Variables of our own environment have this before their names, as supervisor has it. */
const ENV = "ENV_";

/** Those of the account and of our environment. */
export function hostVariables({ realHome, env }: Pick<HostFacts, "realHome" | "env">): Variables {
  return (name) => {
    if (name === "HOME") return realHome;
    return name.startsWith(ENV) ? env[name.slice(ENV.length)] : undefined;
  };
}

/** Those of a program besides; `onUse`: called when one of these is asked for. */
export function programVariables(
  program: string,
  host: Variables,
  onUse: () => void = () => {},
): Variables {
  return (name) => {
    if (name !== "program") return host(name);
    onUse();
    return program;
  };
}
