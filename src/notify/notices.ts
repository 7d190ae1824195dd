import type { Pid } from "../../proc/pid.ts";
import { type Datagram, DatagramSocket } from "../../proc/system/datagram-socket.ts";
import type { Epoll } from "../../proc/system/epoll.ts";
import type { Libc } from "../../proc/system/libc.ts";
import { relation } from "../identity/lineage.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import { makePrivateFolder } from "../lib/private-file.ts";
import { checkStateDir } from "../state/state-dir.ts";
import { type Notice, parseNotice } from "./message.ts";
import { noticeFolder, noticePath, writeStatusText } from "./status-text.ts";

type Listener = (notice: Notice) => void;

/** How long READY=1 of a helper is held, in ms, for what the helper says next. */
const HELD_MS = 100;
/** While the program is being launched, the next look at who has spoken, in ms. */
const LAUNCH_LOOK_MS = 5;

/** One program that is heard. */
interface Heard {
  socket: DatagramSocket;
  readonly listeners: Set<Listener>;
  isReady: boolean;
  status: string;
  /** What is not told to the listeners yet. */
  held?: { readonly notice: Notice; readonly timer: NodeJS.Timeout } | undefined;
}

/** Hears what programs say of themselves (sd_notify(3)): each at a socket of its own, and from itself only. */
export class Notices implements Disposable {
  readonly #host: IdentityPorts;
  readonly #epoll: Epoll;
  readonly #libc: Libc;
  readonly #heard = new Map<string, Heard>();

  constructor(host: IdentityPorts, c: Libc, epoll: Epoll) {
    this.#host = host;
    this.#libc = c;
    this.#epoll = epoll;
  }

  /**
   * Before a launch: from now on the program is heard, and has not said anything yet.
   *
   * @throws {Error} with the reason, where there can be no socket
   */
  expect(program: string): void {
    const heard = this.#open(program);
    heard.isReady = false;
    forgetHeld(heard);
    this.#keepStatus(program, heard, "");
  }

  /**
   * Calls `listener` for each notice of the program, until what is returned is called.
   *
   * @throws {Error} with the reason, where there can be no socket
   */
  listen(program: string, listener: Listener): () => void {
    const { listeners } = this.#open(program);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** True once it has said that it is ready, since it was last expected. */
  isReady(program: string): boolean {
    return this.#heard.get(program)?.isReady === true;
  }

  /** The program is not listened to any more. */
  close(program: string): void {
    const heard = this.#heard.get(program);
    heard?.socket[Symbol.dispose]();
    this.#heard.delete(program);
    if (heard !== undefined) forgetHeld(heard);
  }

  [Symbol.dispose](): void {
    for (const program of this.#heard.keys()) this.close(program);
  }

  /** A socket that another of us has replaced since, for a start of its own, is made anew. */
  #open(program: string): Heard {
    const known = this.#heard.get(program);
    if (known?.socket.isThere === true) return known;
    known?.socket[Symbol.dispose]();
    const { state } = this.#host;
    checkStateDir(state);
    makePrivateFolder(noticeFolder(state));
    const path = noticePath(state, program);
    const onMessage = (message: Datagram): void => this.#take(program, message);
    const socket = new DatagramSocket(this.#libc, this.#epoll, path, onMessage);
    const heard = known ?? { socket, listeners: new Set(), isReady: false, status: "" };
    heard.socket = socket;
    this.#heard.set(program, heard);
    return heard;
  }

  #take(program: string, message: Datagram): void {
    const { text, sender, done } = message;
    const heard = this.#heard.get(program);
    if (heard !== undefined && this.#isFrom(program, sender)) {
      this.#deliverHeld(program, heard);
      const notice = parseNotice(text);
      if (notice.isReady && this.#isHelper(sender)) this.#hold(program, heard, notice);
      else this.#deliver(program, heard, notice);
    } else if (heard !== undefined && this.#host.launching.has(program)) {
      // Until its launch is claimed, what has written over its environment (redis) bears no sign of it.
      setTimeout(() => this.#take(program, message), LAUNCH_LOOK_MS);
      return;
    }
    done(); // who waits for it goes on, and may end: so long its descent could be seen
  }

  #deliver(program: string, heard: Heard, notice: Notice): void {
    heard.isReady ||= notice.isReady;
    const phase = notice.isReady && heard.status === "reloading" ? "" : notice.phase;
    const status = notice.status ?? phase;
    if (status !== undefined) this.#keepStatus(program, heard, status);
    for (const listener of heard.listeners) listener(notice);
  }

  /**
   * systemd-notify(1) says READY=1, and then waits until that has been taken (BARRIER=1). A `usrsvc start` that
   * ended at once would leave it without an answer, and with an exit code that may end the program's script.
   */
  #hold(program: string, heard: Heard, notice: Notice): void {
    const timer = setTimeout(() => this.#deliverHeld(program, heard), HELD_MS);
    heard.held = { notice, timer };
  }

  #deliverHeld(program: string, heard: Heard): void {
    const { held } = heard;
    if (held === undefined) return;
    forgetHeld(heard);
    this.#deliver(program, heard, held.notice);
  }

  /** Not the process that was launched, but one that it has started. */
  #isHelper(sender: Datagram["sender"]): boolean {
    try {
      return sender !== undefined && this.#host.proc.stat(sender.pid as Pid).session !== sender.pid;
    } catch {
      return false; // it has ended, and waits for nothing
    }
  }

  /** Another account may write to a socket that it can reach, and so may a process of ours that is none of the program's. */
  #isFrom(program: string, sender: Datagram["sender"]): boolean {
    if (sender === undefined || sender.uid !== process.getuid?.()) return false;
    const ref = this.#host.proc.alive(sender.pid as Pid);
    return ref !== undefined && relation(ref, program, this.#host) === "own";
  }

  #keepStatus(program: string, heard: Heard, status: string): void {
    if (status === heard.status && status !== "") return;
    heard.status = status;
    try {
      writeStatusText(this.#host.state, program, status);
    } catch {
      // the disk is full, or the folder gone: status says less
    }
  }
}

/** Nothing is held any more, and no timer keeps the tool from its end. */
function forgetHeld(heard: Heard): void {
  clearTimeout(heard.held?.timer);
  heard.held = undefined;
}
