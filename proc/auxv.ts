/** Entry of getauxval(3) that holds the page size. */
const AT_PAGESZ = 6n;
/** The page size of nearly every Linux, in bytes, in case the vector does not contain it. */
const USUAL_PAGE_BYTES = 4096;

/**
 * The page size of `/proc/self/auxv` (proc_pid_auxv(5)): pairs of words of 8 bytes (Node has no
 * 32-bit builds for Linux any more but armv7, where 4096 is right).
 */
export function parsePageSize(auxv: Buffer, littleEndian: boolean): number {
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    const read = (offset: number): bigint =>
      littleEndian ? auxv.readBigUInt64LE(offset) : auxv.readBigUInt64BE(offset);
    if (read(at) === AT_PAGESZ) return Number(read(at + 8)) || USUAL_PAGE_BYTES;
  }
  return USUAL_PAGE_BYTES;
}
