import * as real from "node:fs";
import { actor } from "./actor.ts";

/*
 * node:fs as src/ and proc/ see it in a simulation: who acts in one gets its files, all else (imports, the test
 * runner) the real ones. Names are those that src/ imports; another one fails at the import.
 */

type Call = (...args: never[]) => unknown;

function simulated<F extends Call>(name: string, otherwise: F): F {
  const call = (...args: Parameters<F>): unknown => {
    const who = actor();
    return who === undefined ? otherwise(...args) : who.call(name, args);
  };
  return call as F;
}

export const { constants } = real;
export const accessSync = simulated("accessSync", real.accessSync);
export const chmodSync = simulated("chmodSync", real.chmodSync);
export const closeSync = simulated("closeSync", real.closeSync);
export const existsSync = simulated("existsSync", real.existsSync);
export const fchmodSync = simulated("fchmodSync", real.fchmodSync);
export const fstatSync = simulated("fstatSync", real.fstatSync as Call);
export const fsyncSync = simulated("fsyncSync", real.fsyncSync);
export const ftruncateSync = simulated("ftruncateSync", real.ftruncateSync);
export const linkSync = simulated("linkSync", real.linkSync);
export const lstatSync = simulated("lstatSync", real.lstatSync as Call);
export const mkdirSync = simulated("mkdirSync", real.mkdirSync as Call);
export const openSync = simulated("openSync", real.openSync);
export const readdirSync = simulated("readdirSync", real.readdirSync as Call);
export const readFileSync = simulated("readFileSync", real.readFileSync as Call);
export const readlinkSync = simulated("readlinkSync", real.readlinkSync as Call);
export const readSync = simulated("readSync", real.readSync as Call);
export const realpathSync = simulated("realpathSync", real.realpathSync as Call);
export const renameSync = simulated("renameSync", real.renameSync);
export const rmSync = simulated("rmSync", real.rmSync);
export const statfsSync = simulated("statfsSync", real.statfsSync as Call);
export const statSync = simulated("statSync", real.statSync as Call);
export const symlinkSync = simulated("symlinkSync", real.symlinkSync);
export const unlinkSync = simulated("unlinkSync", real.unlinkSync);
export const watch = simulated("watch", real.watch as Call);
export const writeFileSync = simulated("writeFileSync", real.writeFileSync as Call);
export const writeSync = simulated("writeSync", real.writeSync as Call);
export { open, read, stat } from "node:fs";
