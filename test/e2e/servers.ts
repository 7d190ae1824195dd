import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import type { Home } from "./home.ts";

/** The first of these files that is there. */
export function installed(...paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

/** Servers that not every machine has. */
export const nginx = installed("/usr/sbin/nginx", "/usr/local/sbin/nginx");
export const redis = installed("/usr/bin/redis-server", "/usr/local/bin/redis-server");

/** A port of 127.0.0.1 that nobody has, below those that the kernel lends to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await claimPort(port)) return port;
  }
}

/**
 * True where nobody has this port of 127.0.0.1. It stays claimed while this process lives, by a UDP socket of
 * its number: the test files run side by side.
 */
export async function claimPort(port: number): Promise<boolean> {
  const claim = createSocket("udp4");
  if (!(await isBound(claim, () => claim.bind({ port, address: "127.0.0.1", exclusive: true })))) {
    return false;
  }
  const server = createServer();
  if (await isBound(server, () => server.listen(port, "127.0.0.1"))) {
    await new Promise((resolve) => server.close(resolve));
    claim.unref();
    return true;
  }
  claim.close();
  return false;
}

/** True once it listens; false where another has the port. */
async function isBound(socket: EventEmitter, bind: () => void): Promise<boolean> {
  return await new Promise((resolve) => {
    socket.once("listening", () => resolve(true));
    socket.once("error", () => resolve(false));
    bind();
  });
}

/** True where an HTTP server answers, whatever it says. */
export async function answers(port: number, path = "/"): Promise<boolean> {
  return (await statusAt(port, path)) !== undefined;
}

/** What an HTTP server answers: its status; undefined: nothing. */
export async function statusAt(port: number, path = "/"): Promise<number | undefined> {
  return await new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode));
      response.once("error", () => resolve(undefined)); // cut in the middle
    }).once("error", () => resolve(undefined));
  });
}

/** Writes a configuration of nginx with two workers, one page and a pidfile of its own; yields the command. */
export function nginxCommand(home: Home, nginx: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${home.file(`tmp-${name}`)};`)
    .join("\n");
  mkdirSync(home.file("www"));
  writeFileSync(home.file("www/index.html"), "hello\n");
  // Started by root, it would give its workers to another user.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    home.file("nginx.conf"),
    `${user} daemon on; worker_processes 2; pid ${home.file("run/nginx.pid")};
       error_log ${home.file("log/nginx-error.log")};
       events {}
       http { access_log off; ${temporary}
         server { listen 127.0.0.1:${port}; root ${home.file("www")}; } }`,
  );
  return `${nginx} -e ${home.file("log/nginx-error.log")} -c ${home.file("nginx.conf")}`;
}

/** Pids of the children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
}
