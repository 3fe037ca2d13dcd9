import type { BlobStore } from "../../storage/blobs/blob-store.ts";
import type { TableShape } from "../../storage/metadata/moving/table-shape.ts";
import type { Tables } from "../../storage/metadata/moving/tables.ts";

/** Where an installation lies. */
export interface MovePlace {
  /** In words, without secrets: it is kept in the other place. */
  readonly name: string;
  readonly tables: Tables;
  readonly store: BlobStore;
}

/** One installation on its way. */
export interface Move {
  readonly source: MovePlace;
  readonly target: MovePlace;
  readonly shapes: readonly TableShape[];
  /** The objects stay where they are, and only the database moves. */
  readonly sameStore: boolean;
  readonly onProgress: OnMoveProgress;
  readonly now: () => number;
}

/** What a move does, in the order of its steps. */
export type MoveStep = "copying rows" | "copying blobs" | "checking blobs" | "checking rows" | "finishing";

/** @param total 0 where it is not known */
export type OnMoveProgress = (step: MoveStep, done: number, total: number) => void;

/** A move that cannot be; the message says why, the hint what mends it. */
export class MoveError extends Error {
  override name = "MoveError";
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
