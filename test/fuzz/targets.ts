import type { Target } from "./target.ts";
import { cliTargets } from "./targets-cli.ts";
import { configTargets } from "./targets-config.ts";
import { procTargets } from "./targets-proc.ts";
import { stateTargets } from "./targets-state.ts";

/** All that is fuzzed. */
export const targets: readonly Target[] = [
  ...configTargets,
  ...stateTargets,
  ...procTargets,
  ...cliTargets,
];
