import type { LifecyclePorts } from "../lifecycle/ports.ts";

/** What acting on programs needs of the machine: the ports of all folders together. */
export interface Host extends LifecyclePorts {}
