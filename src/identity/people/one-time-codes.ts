import type { Metadata } from "../../storage/metadata/metadata.ts";
import {
  deleteOldOneTimeCodes,
  deleteOneTimeCodesOf,
  findOneTimeCode,
  insertOneTimeCode,
  type OneTimeCodeRow,
  spendOneTimeCode,
} from "../../storage/metadata/one-time-codes.ts";
import type { Reader, Writer } from "../../storage/metadata/schema.ts";
import { hashOfSecret, newSecretText } from "../secret-text.ts";

/** What a code is for: one of one purpose is nothing for another. */
export type CodePurpose = "invitation" | "authorization" | "outside-sign-in" | "passkey" | "setup";

/** How long a code that is over is remembered: a replay is then recognized as one. */
const keepMilliseconds = 24 * 60 * 60 * 1000;
const codeCharactersMax = 200;

/** Secrets that are good once: only their hashes are kept, and what they stand for. */
export class OneTimeCodes {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /**
   * Makes a code.
   *
   * @param subject whom it is about: an earlier one of this purpose is good no longer; empty for nobody
   * @param code chosen by somebody else, such as a challenge
   */
  async issueIn(
    write: Writer,
    purpose: CodePurpose,
    body: object,
    lifetimeMilliseconds: number,
    { subject = "", code = newSecretText() }: { readonly subject?: string; readonly code?: string } = {},
  ): Promise<string> {
    const now = this.#now();
    await deleteOldOneTimeCodes(write, now - keepMilliseconds);
    await insertOneTimeCode(write, {
      codeHash: hashOfSecret(code),
      purpose,
      subject,
      body: JSON.stringify(body),
      createdAt: now,
      expiresAt: now + lifetimeMilliseconds,
    });
    return code;
  }

  async issue(...rest: Tail<Parameters<OneTimeCodes["issueIn"]>>): Promise<string> {
    return await this.#metadata.write((write) => this.issueIn(write, ...rest));
  }

  /** What a code stands for while it is good; it stays good. */
  async read(purpose: CodePurpose, code: string): Promise<unknown> {
    const row = await this.find(this.#metadata.read, purpose, code);
    return row && this.isGood(row) ? JSON.parse(row.body) : undefined;
  }

  /** What a code stands for, once. */
  async spendIn(write: Writer, purpose: CodePurpose, code: string): Promise<unknown> {
    const row = await this.find(write, purpose, code);
    if (!row || !this.isGood(row)) return undefined;
    await spendOneTimeCode(write, row.codeHash, row.body, this.#now());
    return JSON.parse(row.body);
  }

  async spend(purpose: CodePurpose, code: string): Promise<unknown> {
    return await this.#metadata.write((write) => this.spendIn(write, purpose, code));
  }

  /** A code with its history, whether it is still good or not. */
  async find(read: Reader, purpose: CodePurpose, code: string): Promise<OneTimeCodeRow | undefined> {
    if (code.length > codeCharactersMax) return undefined;
    const row = await findOneTimeCode(read, hashOfSecret(code));
    return row?.purpose === purpose ? row : undefined;
  }

  isGood({ spentAt, expiresAt }: OneTimeCodeRow): boolean {
    return spentAt === null && expiresAt > this.#now();
  }

  /** Ends the code that a subject has for a purpose. */
  async withdrawIn(write: Writer, subject: string, purpose: CodePurpose): Promise<void> {
    await deleteOneTimeCodesOf(write, subject, purpose);
  }
}

type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;
