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
 * True for a group with nobody in it but this user and root: root's, or one with the user's own number or
 * name, as a umask of 002 assumes, that has no other member in /etc/group, and is nobody else's in
 * /etc/passwd. So is Debian's `staff`, the group of /usr/local, while it has no members: those can do what
 * root does there. False while these files cannot be read: then it is unknown who is in it.
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

/** A configuration may have a thousand files: so the files of accounts are only read when they have changed. */
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

/** Reads a number in these files as the C library does: ` 01002` is 1002. */
function numberIn(field: string | undefined): number {
  return Number.parseInt(field ?? "", 10);
}

/** Lowest number of people's accounts. */
const FIRST_OF_PEOPLE = 1000;

/** True if it is the group of another account, which is then in no list of members. */
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
 * What is doubtful about `home`, the value of HOME, for this user: a sentence. Undefined
 * if it is that account's, or if that is unknown.
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
