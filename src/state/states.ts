/**
 * Where a program stands, as supervisord names it: in its record, in what usrsvcd decides, in `status` and its
 * JSON. A public promise: states are added, never renamed. docs/commands.md says what they mean.
 */
export const states = ["stopped", "starting", "running", "stopping", "backoff", "fatal"] as const;
export type State = (typeof states)[number];

/** What a person (or usrsvcd on his behalf) wants of a program. `down` lasts until the next boot. */
export const desires = ["up", "down", "none"] as const;
export type Desired = (typeof desires)[number];
