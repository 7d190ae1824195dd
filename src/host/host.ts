import type { LifecyclePorts } from "../lifecycle/ports.ts";

/** What acting on programs asks of the machine: the ports of all folders together. */
export interface Host extends LifecyclePorts {}
