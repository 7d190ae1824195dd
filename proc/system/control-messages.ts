import { endianness } from "node:os";

/** What comes with a datagram (unix(7), cmsg(3)). */
export interface ControlMessages {
  /** Who has sent it, as the kernel says; undefined: it does not. */
  readonly sender: { readonly pid: number; readonly uid: number } | undefined;
  /** Descriptors that are ours from now on, to be closed. */
  readonly descriptors: readonly number[];
}

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;

const isLittle = endianness() === "LE";

/** Takes apart what recvmsg(2) has put into a buffer; `wordBytes`: size of a `size_t`. */
export function parseControl(buffer: Buffer, wordBytes: 4 | 8 = 8): ControlMessages {
  let sender: ControlMessages["sender"];
  const descriptors: number[] = [];
  const int = (at: number): number => (isLittle ? buffer.readInt32LE(at) : buffer.readInt32BE(at));
  const head = wordBytes + 8;
  for (let at = 0; at + head <= buffer.length;) {
    // The upper half of a 64-bit length is nothing.
    const length = int(isLittle ? at : at + wordBytes - 4);
    const [level, type] = [int(at + wordBytes), int(at + wordBytes + 4)];
    const end = Math.min(at + length, buffer.length);
    if (length < head) break;
    if (level === SOL_SOCKET && type === SCM_CREDENTIALS && end - at >= head + 8) {
      sender = { pid: int(at + head), uid: int(at + head + 4) >>> 0 };
    } else if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      for (let fd = at + head; fd + 4 <= end; fd += 4) descriptors.push(int(fd));
    }
    at += Math.ceil(length / wordBytes) * wordBytes;
  }
  return { sender, descriptors };
}
