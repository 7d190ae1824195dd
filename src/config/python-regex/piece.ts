import { alternatives, inSequence, ONE_WAY, type Ways } from "./ways.ts";

/** A piece of the translation, and how many characters it can match. */
export interface Piece {
  readonly source: string;
  readonly min: number;
  readonly max: number;
  readonly ways: Ways;
  /** An anchor cannot be repeated, nor can what is repeated; a comment is nothing. */
  readonly kind: "atom" | "anchor" | "repeat" | "nothing";
  /** One character, any number of times, none included: at the beginning it does nothing. */
  readonly isIdle?: boolean;
}

/** A comment, or flags. */
export const NOTHING: Piece = { source: "", min: 0, max: 0, ways: ONE_WAY, kind: "nothing" };

/** One character. */
export function atom(source: string): Piece {
  return { source, min: 1, max: 1, ways: ONE_WAY, kind: "atom" };
}

/** A place between characters. */
export function anchor(source: string): Piece {
  return { source, min: 0, max: 0, ways: ONE_WAY, kind: "anchor" };
}

/** One of several. */
export function eitherOf(branches: readonly Piece[]): Piece {
  return {
    source: branches.map((branch) => branch.source).join("|"),
    min: branches.reduce((least, { min }) => Math.min(least, min), Infinity),
    max: branches.reduce((most, { max }) => Math.max(most, max), 0),
    ways: alternatives(branches.map((branch) => branch.ways)),
    kind: "atom",
  };
}

/** All, in this order. */
export function oneAfterAnother(pieces: readonly Piece[]): Piece {
  return {
    source: pieces.map(({ source }) => source).join(""),
    min: pieces.reduce((sum, { min }) => sum + min, 0),
    max: pieces.reduce((sum, { max }) => sum + max, 0),
    ways: inSequence(pieces.map(({ ways }) => ways)),
    kind: "atom",
  };
}
