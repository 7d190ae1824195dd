import type { Libc } from "./libc.ts";

/** Our own soft limit of open files: lowered while children that should inherit it are created. */
export class LoweredLimit {
  readonly #libc: Libc;
  #ours: { readonly soft: number | undefined } | undefined;
  #users = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** True if it need not be lowered to `count`. */
  isAsLow(count: number): boolean {
    const { soft } = (this.#ours ??= { soft: this.#libc.softOpenFiles() });
    return soft !== undefined && soft <= count;
  }

  /** Call what it yields when the child is created; a second call does no harm. */
  lower(count: number | undefined): () => void {
    if (count === undefined || this.isAsLow(count)) return () => {};
    if (this.#users === 0) this.#libc.setSoftOpenFiles(count);
    this.#users += 1;
    let isUser = true;
    return () => {
      if (!isUser) return;
      isUser = false;
      this.#users -= 1;
      if (this.#users === 0) this.#libc.setSoftOpenFiles(this.#ours?.soft);
    };
  }
}
