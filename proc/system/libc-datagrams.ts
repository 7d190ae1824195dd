import type * as Koffi from "koffi";

/** What it takes to receive datagrams, and to know from whom. Each call returns -1 and sets `errno` on failure. */
export interface DatagramCalls {
  /** bind(2); `address` is a `struct sockaddr_un`. */
  bind(fd: number, address: Buffer): number;
  /** setsockopt(2) with SO_PASSCRED: each message comes with its sender (unix(7)). */
  passCredentials(fd: number): number;
  /**
   * recvmsg(2) with MSG_DONTWAIT: the number of bytes of the message and of what comes with it (cmsg(3)).
   * Descriptors that come are marked to be closed on exec.
   */
  receive(
    fd: number,
    message: Buffer,
    control: Buffer,
  ): { readonly bytes: number; readonly controlBytes: number };
}

const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** At first use: only those that listen to programs need it. */
export function bindDatagrams(koffi: typeof Koffi, self: Koffi.LibraryHandle): DatagramCalls {
  const bind = self.func("int bind(int fd, const void *address, uint length)");
  const setsockopt = self.func(
    "int setsockopt(int fd, int level, int name, const void *value, uint length)",
  );
  const part = koffi.struct({ base: "void *", length: "size_t" });
  // With glibc's types; musl has an int and padding for both lengths, which comes to the same.
  const header = koffi.struct({
    name: "void *",
    nameLength: "uint",
    parts: koffi.pointer(part),
    partCount: "size_t",
    control: "void *",
    controlLength: "size_t",
    flags: "int",
  });
  const recvmsg = self.func("recvmsg", "long", ["int", koffi.inout(koffi.pointer(header)), "int"]);
  return {
    bind: (fd, address) => bind(fd, address, address.length) as number,
    passCredentials(fd) {
      const one = Buffer.from(new Int32Array([1]).buffer);
      return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, one, one.length) as number;
    },
    receive(fd, message, control) {
      const call = {
        name: null,
        nameLength: 0,
        parts: [{ base: message, length: message.length }],
        partCount: 1,
        control,
        controlLength: control.length,
        flags: 0,
      };
      const bytes = Number(recvmsg(fd, call, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
      return { bytes, controlBytes: bytes < 0 ? 0 : call.controlLength };
    },
  };
}
