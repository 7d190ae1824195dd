/** What we use of pino-roll, which comes without types. */
declare module "pino-roll" {
  import type { SonicBoom } from "sonic-boom";

  interface Options {
    readonly file: string;
    readonly size?: string;
    readonly limit?: { readonly count: number };
    readonly sync?: boolean;
    readonly mode?: number;
  }

  export default function roll(
    options: Options,
  ): Promise<SonicBoom & { readonly file: string; readonly fd: number }>;
}
