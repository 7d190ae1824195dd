import { readFileSync, type Stats, statSync } from "node:fs";
import { userInfo } from "node:os";

/** An account of this machine. */
export interface Account {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

/** The account of a user; undefined where neither /etc/passwd nor, for ourselves, the C library knows it. */
export function accountOf(uid: number): Account | undefined {
  try {
    if (uid === process.getuid?.()) {
      const { username, homedir, shell } = userInfo();
      return { name: username, home: homedir, shell: shell ?? "" };
    }
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((one) => numberIn(one.split(":")[2]) === uid);
    const [name, , , , , home = "", shell = ""] = line?.split(":") ?? [];
    return name === undefined ? undefined : { name, home, shell };
  } catch {
    return undefined; // a container, mostly: a user that has no name
  }
}

/**
 * True for a group in which nobody is but this user and root: root's, or one of the user's own number or
 * name, as a umask of 002 supposes, that /etc/group gives no other member, and that is in /etc/passwd no
 * other's. So is Debian's `staff`, the group of /usr/local, while it has none: who is in it may do what
 * root does there. False where these files cannot be read just now: then nobody knows who is in it.
 */
export function isPrivateGroup(gid: number, uid: number, etc = "/etc"): boolean {
  const key = [gid, uid, etc].join();
  const stamp = [stampOf(`${etc}/passwd`), stampOf(`${etc}/group`)].join();
  const before = answers.get(key);
  if (before?.stamp === stamp) return before.isPrivate;
  try {
    const isPrivate = lookUp(gid, uid, etc);
    answers.set(key, { stamp, isPrivate });
    return isPrivate;
  } catch {
    return false; // asked again next time: descriptors may only be short
  }
}

/** A thousand files of a configuration may be asked about: so the files of accounts are read when they have changed. */
const answers = new Map<string, { readonly stamp: string; readonly isPrivate: boolean }>();

function stampOf(path: string): string {
  const { ino, size, mtimeMs, ctimeMs } = statIfAny(path) ?? {};
  return [ino, size, mtimeMs, ctimeMs].join();
}

function lookUp(gid: number, uid: number, etc: string): boolean {
  const isOwn = gid === 0 || gid === uid;
  if (isOthersPrimary(gid, uid, etc)) return false;
  // A group may stand in several lines, by other names: who is in one of them is in it.
  const lines = linesOf(`${etc}/group`)
    .map((one) => one.split(":"))
    .filter(([, , number]) => numberIn(number) === gid);
  if (lines.length === 0) return isOwn; // a container, mostly
  const own = accountOf(uid)?.name;
  const members = lines
    .flatMap(([, , , list = ""]) => list.split(","))
    .filter((one) => one !== "" && one !== own && one !== "root");
  const hasOurName = lines.some(([name]) => name === own || name === "staff");
  return members.length === 0 && (isOwn || hasOurName);
}

/** As the C library reads the number in a line of these files: ` 01002` is 1002. */
function numberIn(field: string | undefined): number {
  return Number.parseInt(field ?? "", 10);
}

/** Accounts of people have numbers from this on. */
const FIRST_OF_PEOPLE = 1000;

/** True where it is the group of another account, which stands in no list of members then. */
function isOthersPrimary(gid: number, uid: number, etc: string): boolean {
  // Accounts of the system with root's group (sync, halt, operator) do nothing but what they are for.
  const first = gid === 0 ? FIRST_OF_PEOPLE : 1;
  return linesOf(`${etc}/passwd`).some((line) => {
    const [, , who, group] = line.split(":");
    return numberIn(group) === gid && numberIn(who) >= first && numberIn(who) !== uid;
  });
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // a container, mostly
    throw error;
  }
}

/** What to call a user in a message. */
export function nameOf(uid: number): string {
  return accountOf(uid)?.name ?? `user ${uid}`;
}

/** How root runs a command as somebody else: `su - web -c 'usrsvc …'`. */
export function runAs(uid: number, command: string): string {
  const { name = `"$(id -nu ${uid})"`, shell = "" } = accountOf(uid) ?? {};
  // Accounts of services have no shell that would run it.
  const through = /\/(nologin|false)$/.test(shell) ? " -s /bin/sh" : "";
  return `su - ${name}${through} -c '${command}'`;
}

/**
 * What is doubtful about `home`, the value of HOME, for this user: the end of a sentence. Undefined
 * when it is that account's, or when nobody knows better.
 */
export function doubtHome(home: string, uid: number): string | undefined {
  const own = accountOf(uid);
  if (own === undefined || isSameFolder(own.home, home)) return undefined;
  const owner = statIfAny(home)?.uid;
  if (uid === 0 && owner !== undefined && owner !== 0) {
    const who = nameOf(owner);
    return `HOME is ${home}, which belongs to ${who}, and you are root; run it as ${who}: ${runAs(owner, "usrsvc …")}`;
  }
  return `HOME is ${home}, but the home of ${own.name} is ${own.home}`;
}

function isSameFolder(a: string, b: string): boolean {
  const one = statIfAny(a);
  const other = statIfAny(b);
  return a === b || (one !== undefined && one.ino === other?.ino && one.dev === other.dev);
}

function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
