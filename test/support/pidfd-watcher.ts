import { Epoll } from "../../proc/system/epoll.ts";
import type { Libc } from "../../proc/system/libc.ts";
import { PidfdWatcher } from "../../proc/system/pidfd.ts";
import { procReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";

/** A watcher with an epoll descriptor of its own, which goes with it. */
export function pidfdWatcher(libc: Libc): ProcessWatcher {
  const epoll = new Epoll(libc);
  const watcher = new PidfdWatcher(libc, epoll, procReader());
  return {
    kind: watcher.kind,
    isChild: (pid) => watcher.isChild(pid),
    reap: (pid) => watcher.reap(pid),
    beforeEnd: () => {},
    open: (ref) => watcher.open(ref),
    [Symbol.dispose]() {
      watcher[Symbol.dispose]();
      epoll[Symbol.dispose]();
    },
  };
}
