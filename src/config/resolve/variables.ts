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

/** A program, or one of its instances. */
export interface Named {
  /** Without the number. */
  readonly program: string;
  /** From 1; undefined: there is but one, without a number. */
  readonly instance: number | undefined;
}

/** The name of the program, or of the instance. */
export function fullName({ program, instance }: Named): string {
  return instance === undefined ? program : `${program}:${instance}`;
}

/** The variables of a program besides; `onUse`: called when one of these is asked for. */
export function programVariables(
  named: Named,
  host: Variables,
  onUse: () => void = () => {},
): Variables {
  return (name) => {
    if (name !== "program" && name !== "instance") return host(name);
    onUse();
    return name === "program" ? named.program : named.instance?.toString();
  };
}
