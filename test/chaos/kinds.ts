import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where a program of a world lives. */
export interface Place {
  /** The folder of the world, which is its HOME. */
  readonly home: string;
  /** Name of the world. */
  readonly tag: string;
  readonly name: string;
  readonly version: number;
  /** A number that is this program's and this version's alone. */
  readonly number: string;
  /** Run by /bin/sh -c, where its kind leaves the choice. */
  readonly isShell: boolean;
}

/** How many processes of which role one running copy of a program has. */
export type Shape = Readonly<Record<string, number>>;

/** A kind of program, as people have them. */
export interface Kind {
  /** Keys of its section; `command` first. */
  readonly settings: (place: Place) => Readonly<Record<string, string>>;
  /** Of a process, by its command line. */
  readonly roles: Readonly<Record<string, RegExp>>;
  /** What it may look like while it is up. */
  readonly shapes: readonly Shape[];
  /** `ever`: it does not last, so whether it is up at a certain moment cannot be said. */
  readonly lasts?: "ever";
  /** The process that there is never more than one of, not even for a moment. */
  readonly single?: RegExp;
  /** Which of its processes may be hit: all of them, if not only the first or all at once. */
  readonly isHitAsWhole?: true;
  /** What usrsvc writes its pidfile for. */
  readonly writesPidfile?: true;
  /** An interpreter that must be there. */
  readonly needs?: string;
  /** It may be run by a shell as well. */
  readonly mayBeShell?: true;
}

const SH = `#!/bin/sh
`;

/** ROLE TAG [PIDFILE]: ends when told to, or with code 3 at SIGUSR1; what it waits for is its child. */
const WORK = `${SH}[ "$3" = "" ] || echo $$ >"$3"
trap 'kill $nap 2>/dev/null; exit 0' TERM
trap 'kill $nap 2>/dev/null; exit 3' USR1
[ "$1" = stubborn ] && trap '' TERM
while :; do
  sleep 864003 &
  nap=$!
  wait $nap
done
`;

/** The real thing is its child. */
const WRAPPER = `${SH}"\${0%/*}/work.sh" child "$1"
exit 1
`;

/** Goes to the background by itself, in a session of its own. */
const DAEMON = `${SH}setsid "\${0%/*}/work.sh" daemon "$1" "$2" &
exit 0
`;

const TITLE = `#!/bin/bash
exec -a "$1: serving" /bin/sleep 86400
`;

/** A master with two workers that it replaces; TITLE as its first word: they name themselves. */
const PREFORK = `#!/usr/bin/perl
my $title = shift;
my $master = $$;
my %workers;
$0 = "$title: master" if $title =~ m{/};
$SIG{TERM} = sub { kill 'TERM', keys %workers; exit 0 };
$SIG{USR1} = sub { kill 'TERM', keys %workers; exit 3 };
sub work {
  my $pid = fork();
  die unless defined $pid;
  if ($pid) { $workers{$pid} = 1; return }
  $SIG{TERM} = $SIG{USR1} = 'DEFAULT';
  $0 = "$title: worker" if $title =~ m{/};
  while (getppid() == $master) { sleep 5 }
  exit 0;
}
while (1) {
  work() while keys %workers < 2;
  my $pid = wait();
  delete $workers{$pid} if $pid > 0;
}
`;

/** Forks twice and goes on under the same command line, with no pidfile. */
const FORKING = `#!/usr/bin/perl
use POSIX ();
exit 0 if fork();
POSIX::setsid();
exit 0 if fork();
$SIG{TERM} = sub { exit 0 };
$SIG{USR1} = sub { exit 3 };
sleep 60 while 1;
`;

/** Puts the scripts of all kinds into a world. */
export function writeScripts(home: string): void {
  const scripts = {
    "work.sh": WORK,
    "wrapper.sh": WRAPPER,
    "daemon.sh": DAEMON,
    "title.sh": TITLE,
    "prefork.pl": PREFORK,
    "forking.pl": FORKING,
    "a/run.sh": WORK,
    "b/run.sh": WORK,
    "c/run.sh": WORK,
  };
  for (const folder of ["bin", "bin/a", "bin/b", "bin/c", "odd"]) mkdirSync(join(home, folder));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(home, "bin", name), text, { mode: 0o755 });
  }
}

const bin = ({ home }: Place, name: string): string => join(home, "bin", name);
const mark = ({ tag, name, version }: Place): string => `${tag}/${name}/v${version}`;
const sleep = ({ number, isShell }: Place): string =>
  `${isShell ? "exec " : ""}/bin/sleep 86400.${number}`;
const shell = (isShell: boolean): Record<string, string> => (isShell ? { useshell: "yes" } : {});

const napping = /^(\/bin\/)?sleep /;
const working = /work\.sh/;
const shelled = /^\/bin\/sh -c /;

/** The kinds that are there on each machine, and those that need perl. */
export const kinds = {
  plain: {
    settings: (place) => ({ command: sleep(place), ...shell(place.isShell) }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    mayBeShell: true,
    single: napping,
  },
  unscanned: {
    settings: (place) => ({ command: sleep(place), scan_for_process: "no" }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    single: napping,
  },
  bare: {
    settings: (place) => ({ command: sleep(place), inherit_env: "no" }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    single: napping,
  },
  /** Nothing starts it but an operator. */
  lazy: {
    settings: (place) => ({ command: sleep(place), autostart: "no" }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    single: napping,
  },
  /** And nothing starts it again. */
  once: {
    settings: (place) => ({ command: sleep(place), autostart: "no", autorestart: "no" }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    single: napping,
  },
  script: {
    settings: (place) => ({ command: `${bin(place, "work.sh")} script ${mark(place)}` }),
    roles: { work: working, sleep: napping },
    shapes: [{ work: 1, sleep: 1 }],
    single: working,
  },
  stubborn: {
    settings: (place) => ({
      command: `${bin(place, "work.sh")} stubborn ${mark(place)}`,
      term_to_kill_seconds: "0.3",
    }),
    roles: { work: working, sleep: napping },
    shapes: [{ work: 1, sleep: 1 }],
    single: working,
  },
  wrapper: {
    settings: (place) => ({ command: `${bin(place, "wrapper.sh")} ${mark(place)}` }),
    roles: { wrapper: /wrapper\.sh/, work: working, sleep: napping },
    shapes: [{ wrapper: 1, work: 1, sleep: 1 }],
    single: /wrapper\.sh/,
  },
  daemon: {
    settings: (place) => ({
      command: `${bin(place, "daemon.sh")} ${mark(place)} ${join(place.home, "run", `${place.name}.pid`)}`,
      pidfile: join(place.home, "run", `${place.name}.pid`),
      autopid: "no",
      success_seconds: "0.8",
    }),
    roles: { work: working, sleep: napping },
    shapes: [{ work: 1, sleep: 1 }],
    writesPidfile: true,
  },
  shellExec: {
    settings: (place) => ({
      command: `cd ${place.home}/odd && sleep 0.05; exec /bin/sleep 86400.${place.number}`,
      useshell: "yes",
    }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
  },
  shellLoop: {
    settings: (place) => ({
      command: `while true; do /bin/sleep 86400.${place.number}; done`,
      useshell: "yes",
    }),
    roles: { shell: shelled, sleep: napping },
    shapes: [{ shell: 1, sleep: 1 }, { sleep: 1 }], // where the shell is killed, what it runs goes on
    isHitAsWhole: true,
  },
  shellPipe: {
    settings: (place) => ({
      command: `/bin/sleep 86400.${place.number} | cat -u`,
      useshell: "yes",
    }),
    roles: { shell: shelled, sleep: napping, cat: /^cat / },
    shapes: [
      { shell: 1, sleep: 1, cat: 1 },
      { sleep: 1, cat: 1 },
    ],
    isHitAsWhole: true,
  },
  newSession: {
    settings: (place) => ({ command: `setsid ${sleep({ ...place, isShell: false })}` }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    single: napping,
  },
  /** Two of them have the same command line. */
  hereA: {
    settings: ({ home }) => ({ command: "./run.sh go", directory: join(home, "bin/a") }),
    roles: { run: /run\.sh go/, sleep: napping },
    shapes: [{ run: 1, sleep: 1 }],
    single: /run\.sh go/,
  },
  hereB: {
    settings: ({ home }) => ({ command: "./run.sh go", directory: join(home, "bin/b") }),
    roles: { run: /run\.sh go/, sleep: napping },
    shapes: [{ run: 1, sleep: 1 }],
    single: /run\.sh go/,
  },
  title: {
    settings: (place) => ({
      command: `${bin(place, "title.sh")} ${mark(place)}`,
      proctitle_re: `${place.tag}/${place.name}/v\\d+: serving`,
    }),
    roles: { serving: /: serving/ },
    shapes: [{ serving: 1 }],
    needs: "/bin/bash",
    single: /: serving/,
  },
  prefork: {
    settings: (place) => ({ command: `${bin(place, "prefork.pl")} plain` }),
    roles: { prefork: /prefork\.pl/ },
    shapes: [{ prefork: 3 }],
    needs: "/usr/bin/perl",
  },
  preforkTitle: {
    settings: (place) => ({
      command: `${bin(place, "prefork.pl")} ${mark(place)}`,
      proctitle_re: `^${place.tag}/${place.name}/v\\d+: master`,
    }),
    roles: { master: /: master/, worker: /: worker/ },
    shapes: [{ master: 1, worker: 2 }],
    needs: "/usr/bin/perl",
    single: /: master/,
  },
  forking: {
    settings: (place) => ({ command: bin(place, "forking.pl"), success_seconds: "0.8" }),
    roles: { forking: /forking\.pl/ },
    shapes: [{ forking: 1 }],
    needs: "/usr/bin/perl",
  },
  /** Dies a second after each start. */
  flaky: {
    settings: ({ number }) => ({ command: `/bin/sleep 1.${number}` }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    lasts: "ever",
    single: napping,
  },
  /** Cannot be started. */
  failing: {
    settings: ({ number }) => ({ command: `/bin/sleep 0.0${number}`, maxrestarts: "2" }),
    roles: { sleep: napping },
    shapes: [{ sleep: 1 }],
    lasts: "ever",
    single: napping,
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

/** The kind of a name. */
export function kindOf(name: KindName): Kind {
  return kinds[name];
}

/** Those whose interpreter is on this machine. */
export function availableKinds(): readonly KindName[] {
  return (Object.keys(kinds) as KindName[]).filter((name) => {
    const { needs } = kindOf(name);
    return needs === undefined || existsSync(needs);
  });
}
