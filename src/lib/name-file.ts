/** What the error of a failed write lacks: Node names a file only where it opens one. */
const UNTOLD = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO", "EFBIG"]);

/** Runs `act`, which writes to `path`; its error names the file. */
export function naming<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!UNTOLD.has(code) || message.includes(path)) throw error;
    throw Object.assign(new Error(`${path}: ${message}`, { cause: error }), { code });
  }
}
