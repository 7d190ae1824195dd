import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../home.ts";
import { type CommandLine, type Commands, type Manager, ManagerProcess } from "../manager.ts";
import { settledByAge } from "./settled.ts";

/** A service that lives for less than `startsecs`, a second, has failed to start. */
const AGE_MS = 1300;

/** supervisor, the one in Python: a supervisord of ours with a socket in the home. */
export class Supervisor implements Manager {
  readonly name = "supervisor";
  readonly commands: Commands;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  readonly #file: string;

  constructor(home: Home) {
    this.#home = home;
    this.#process = new ManagerProcess(home);
    this.#file = join(home.path, "supervisord.conf");
    const control = (...words: readonly string[]): CommandLine => [
      "supervisorctl",
      "-c",
      this.#file,
      ...words,
    ];
    this.commands = {
      status: (ids) => control("status", ...ids),
      stop: () => control("stop", "all"),
      start: () => control("start", "all"),
      add: (id) => {
        this.#write(id, [id]);
        return control("update");
      },
    };
  }

  get pid(): number {
    return this.#process.pid;
  }

  configure(ids: readonly string[]): void {
    const { path } = this.#home;
    const folder = this.#home.freshFolder("supervisor");
    const socket = join(path, "supervisor.sock");
    const main = `[supervisord]
logfile = ${path}/supervisord.log
pidfile = ${path}/supervisord.pid
childlogdir = ${folder}
minfds = 4096
[unix_http_server]
file = ${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://${socket}
[include]
files = ${folder}/*.conf
`;
    writeFileSync(this.#file, main);
    this.#write("all", ids);
  }

  launch(): number {
    return this.#process.launch(["supervisord", "-n", "-c", this.#file], "ignore");
  }

  async settled(ids: readonly string[]): Promise<void> {
    await settledByAge(this.#home, ids, AGE_MS);
  }

  async end(): Promise<void> {
    await this.#process.end("SIGTERM");
  }

  #write(file: string, ids: readonly string[]): void {
    const { path, services } = this.#home;
    const text = ids.map(
      (id) => `[program:${id}]
command = ${services.command} ${services.log} ${id}
autorestart = true
stdout_logfile = NONE
stderr_logfile = NONE
`,
    );
    writeFileSync(join(path, "supervisor", `${file}.conf`), text.join(""));
  }
}
