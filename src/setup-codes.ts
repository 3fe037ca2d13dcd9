import { OneTimeCodes } from "./identity/people/one-time-codes.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import type { Writer } from "./storage/metadata/schema.ts";

const lifetimeMilliseconds = 15 * 60 * 1000;

/**
 * The single-use code of `waybill setup`; a new one ends the one before. It lies in the database, so that whichever node is
 * asked knows it; only its hash does.
 */
export class SetupCodes {
  readonly #codes: OneTimeCodes;

  constructor(metadata: Metadata, now: () => number) {
    this.#codes = new OneTimeCodes(metadata, now);
  }

  async issue(): Promise<string> {
    return await this.#codes.issue("setup", {}, lifetimeMilliseconds, { subject: "setup" });
  }

  /** Whether it is the code that was issued last, still fresh; it stays good. */
  async isGood(code: string): Promise<boolean> {
    return (await this.#codes.read("setup", code)) !== undefined;
  }

  /** True once for the code that was issued last, while it is fresh. */
  async spendIn(write: Writer, code: string): Promise<boolean> {
    return (await this.#codes.spendIn(write, "setup", code)) !== undefined;
  }
}
