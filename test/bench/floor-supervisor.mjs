// The least that a supervisor on Node needs: `SERVICE LOG ID…` are its children, a pidfd of each is in
// one epoll set, and a successor is spawned when one ends. No records, no launcher, no log. It ends,
// and ends them, at SIGTERM or when its standard input is closed.
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import koffi from "koffi";

const [service, log, ...ids] = process.argv.slice(2);
const SYS_pidfd_open = 434;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLLONESHOT = 1 << 30;
const CLOEXEC = 0o2000000;
const MAX_EVENTS = 64;
// `struct epoll_event` is packed on x86 only.
const [EVENT_BYTES, EVENT_DATA] = process.arch === "x64" ? [12, 4] : [16, 8];

const libc = koffi.load(null);
const syscall = libc.func("long syscall(long number, long a, long b)");
const epollCtl = libc.func("int epoll_ctl(int epfd, int op, int fd, void *event)");
const epollWait = libc.func("int epoll_wait(int epfd, void *events, int max, int timeout)");
const epfd = libc.func("int epoll_create1(int flags)")(CLOEXEC);
const events = Buffer.alloc(EVENT_BYTES * MAX_EVENTS);
const pidfds = [];
const children = [];

process.stdin.on("end", end);
process.stdin.resume();
process.on("SIGTERM", end);
for (const index of ids.keys()) start(index);
wait();

function start(index) {
  const child = spawn(service, [log, ids[index]], { stdio: "ignore", detached: true });
  const fd = Number(syscall(SYS_pidfd_open, child.pid, 0));
  const event = Buffer.alloc(EVENT_BYTES);
  event.writeUInt32LE(EPOLLIN | EPOLLONESHOT, 0);
  event.writeUInt32LE(index, EVENT_DATA);
  epollCtl(epfd, EPOLL_CTL_ADD, fd, event);
  children[index] = child;
  pidfds[index] = fd;
}

function wait() {
  epollWait.async(epfd, events, MAX_EVENTS, -1, (_error, count) => {
    const ended = [];
    for (let at = 0; at < count; at++) {
      ended.push(events.readUInt32LE(at * EVENT_BYTES + EVENT_DATA));
    }
    wait();
    for (const index of ended) {
      closeSync(pidfds[index]);
      start(index);
    }
  });
}

function end() {
  for (const child of children) child.kill("SIGKILL");
  // A thread that waits in epoll_wait would hang process.exit().
  process.kill(process.pid, "SIGKILL");
}
