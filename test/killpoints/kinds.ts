import type { World } from "./world.ts";

/** One kind of process that a program is made of: `least` to `most` of it are one whole copy. */
export interface Part {
  readonly role: string;
  /** Found in the words of its command line, joined by blanks. */
  readonly words: RegExp;
  readonly least: number;
  readonly most: number;
}

/** A program of a kind that people have. */
export interface Kind {
  readonly name: string;
  /** Writes what it needs into the home, and yields the keys of its section. */
  readonly settings: (world: World) => Readonly<Record<string, string>>;
  readonly parts: readonly Part[];
}

const one = (role: string, words: RegExp): Part => ({ role, words, least: 1, most: 1 });

/** How long its processes sleep tells them apart; nobody else sleeps so long. */
const MAIN = "/bin/sleep 864001";
const WORKER = "/bin/sleep 864002";

const main = one("main", /^\/bin\/sleep 864001$/);

/** Bears the words of `main`, and is nobody's business here. */
export const LOOK_ALIKE = MAIN.split(" ");

/** A single process. */
const plain: Kind = { name: "plain", settings: () => ({ command: MAIN }), parts: [main] };

/** The shell is there, or has become its last command, as the shell likes. */
const shellLine: Kind = {
  name: "shell",
  settings: ({ path }) => ({ command: `cd ${path} && : || : ; ${MAIN}`, useshell: "yes" }),
  parts: [main, { role: "shell", words: /^\/bin\/sh -c .*864001/, least: 0, most: 1 }],
};

/** Its first process leaves; the other one is known by the pidfile that it writes itself. */
const forking: Kind = {
  name: "forking",
  settings: (world) => {
    const script = world.script(
      "forking.sh",
      `#!/bin/sh
if [ "$1" = "" ]; then
  setsid "$0" behind &
  exit 0
fi
echo $$ >"${world.pidfile}.tmp" && mv "${world.pidfile}.tmp" "${world.pidfile}"
exec ${MAIN}
`,
    );
    return { command: script, autopid: "no", success_seconds: "1" };
  },
  parts: [main],
};

/** A child in a process group of its own, that ends neither with the wrapper nor with its group. */
const wrapper: Kind = {
  name: "wrapper",
  settings: (world) => ({
    command: world.script("wrapper.sh", `#!/bin/sh\ntimeout 864003 ${WORKER} &\nwait\n`),
  }),
  parts: [
    one("wrapper", /^\/bin\/sh \S+\/wrapper\.sh$/),
    one("timeout", /^timeout 864003/),
    one("child", /^\/bin\/sleep 864002$/),
  ],
};

/** A master with workers, which it ends when it is told to end; found by its record and pidfile only. */
const prefork: Kind = {
  name: "prefork",
  settings: (world) => ({
    scan_for_process: "no",
    command: world.script(
      "master.sh",
      `#!/bin/sh
trap 'kill $a $b; wait; exit 0' TERM
${WORKER} & a=$!
${WORKER} & b=$!
wait
exit 1
`,
    ),
  }),
  parts: [
    one("master", /^\/bin\/sh \S+\/master\.sh$/),
    { role: "worker", words: /^\/bin\/sleep 864002$/, least: 2, most: 2 },
  ],
};

/** All kinds. */
export const kinds: readonly Kind[] = [plain, shellLine, forking, wrapper, prefork];

/** The parts of the plain programs that stand beside the one of a kind where a file is read again. */
export const neighbours: readonly Part[] = ["added", "removed", "renamed"].map((role, index) =>
  one(role, new RegExp(`^/bin/sleep 86401${index}(?:\\.\\d+)?$`)),
);

/** Command of a neighbour. A fraction of a second tells it from those of other homes where only words say whose it is. */
export function neighbourCommand(role: string): string {
  const index = neighbours.findIndex((part) => part.role === role);
  return `/bin/sleep 86401${index}`;
}
