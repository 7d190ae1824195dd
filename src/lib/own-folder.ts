import { normalize } from "node:path";

/**
 * True for a folder that usrsvc creates if it is missing: one below HOME, or in `state_dir`. Others are
 * for their owners to create, and if HOME is `/` all are others.
 */
export function isOwnFolder(folder: string, home: string, stateDir: string): boolean {
  const path = withoutSlash(normalize(folder));
  const isBelow = (root: string): boolean => root !== "" && path.startsWith(`${root}/`);
  const state = withoutSlash(normalize(stateDir));
  return (
    (path !== "" && path === state) || isBelow(state) || isBelow(withoutSlash(normalize(home)))
  );
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}
