import type { Host } from "../host/host.ts";
import type { MutableSupervised, SupervisorContext } from "./context.ts";
import { Effects } from "./effects.ts";
import { Elsewhere } from "./elsewhere.ts";
import { Ends } from "./ends.ts";
import { ProcessFinder } from "./find-process.ts";
import { Holding } from "./holding.ts";
import type { JobSchedule } from "./job-schedule.ts";
import { Leftovers } from "./leftovers.ts";
import { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";
import { Starter } from "./starter.ts";
import { Starts } from "./starts.ts";
import { Stopper } from "./stopper.ts";
import { Trouble } from "./trouble.ts";
import { UnfinishedStart } from "./unfinished-start.ts";
import { WatchedProcess } from "./watched-process.ts";

/**
 * What looks after one program, wired: each part is made of those above it. One object for all of them: with an
 * object of ports for each, a thousand programs took 20 MB more.
 */
export class Parts {
  readonly around: SupervisorContext;
  readonly host: Host;
  readonly mailbox: Mailbox<ProgramEvent>;
  readonly ledger: Ledger;
  readonly holding: Holding;
  readonly ends: Ends;
  readonly starts: Starts;
  readonly leftovers: Leftovers;
  readonly unfinished: UnfinishedStart;
  readonly starter: Starter;
  readonly watched: WatchedProcess;
  readonly finder: ProcessFinder;
  readonly stopper: Stopper;
  readonly effects: Effects;
  readonly trouble: Trouble;
  readonly elsewhere: Elsewhere;
  /** Of a job that has one. */
  schedule: JobSchedule | undefined;

  constructor(now: MutableSupervised, around: SupervisorContext, mailbox: Mailbox<ProgramEvent>) {
    this.around = around;
    this.host = around.host;
    this.mailbox = mailbox;
    this.ledger = new Ledger(now.settings.name, this.host, around.events);
    this.holding = new Holding(this.ledger, () => mailbox.look());
    this.ends = new Ends(this.ledger);
    this.starts = new Starts(this.ledger);
    this.leftovers = new Leftovers(this.host, mailbox);
    this.unfinished = new UnfinishedStart(this.host, mailbox);
    this.starter = new Starter(this);
    this.watched = new WatchedProcess(now, this);
    this.finder = new ProcessFinder(now, this);
    this.stopper = new Stopper(now, this);
    this.effects = new Effects(now, this);
    this.trouble = new Trouble(this.ledger);
    this.elsewhere = new Elsewhere(this.ledger, this.host);
  }
}
