import { randomBytes } from "node:crypto";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { deleteRules, findRules, listRulesOver, type RulesOwner, replaceRules } from "../../storage/metadata/rules.ts";
import type { Reader } from "../../storage/metadata/schema.ts";
import { mergeRules, type Rules } from "./rules.ts";

/** Rules with the etag that a change to them must carry. */
export interface TaggedRules {
  readonly rules: Rules;
  readonly etag: string;
}

/** Rules that were never set have an etag too, or two people could each make the first change. */
const etagOfNone = "ACAB";

/** The rules of all projects and repositories. */
export class RuleBook {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** The owner's own rules. */
  async get(owner: RulesOwner): Promise<TaggedRules> {
    const row = await findRules(this.#metadata.read, owner);
    return row ? { rules: JSON.parse(row.body) as Rules, etag: row.etag } : { rules: {}, etag: etagOfNone };
  }

  /**
   * Puts rules in the place of the owner's own. With an etag only while they are still those that carried it; undefined
   * where somebody changed them in the meantime.
   */
  async set(owner: RulesOwner, rules: Rules, etag: string | undefined): Promise<TaggedRules | undefined> {
    return await this.#metadata.write(async (write) => {
      if (!(await isCurrent(write, owner, etag))) return undefined;
      const next = randomBytes(8).toString("base64");
      await replaceRules(write, owner, { etag: next, body: JSON.stringify(rules) }, this.#now());
      return { rules, etag: next };
    });
  }

  /** Takes the owner's own rules away; false where somebody changed them since `etag`. */
  async delete(owner: RulesOwner, etag: string | undefined): Promise<boolean> {
    return await this.#metadata.write(async (write) => {
      if (!(await isCurrent(write, owner, etag))) return false;
      await deleteRules(write, owner);
      return true;
    });
  }
}

/** The rules that apply to a repository: its own over its project's. */
export async function rulesOver(read: Reader, owner: RulesOwner): Promise<Rules> {
  const rows = await listRulesOver(read, owner);
  return mergeRules(rows.map(({ body }) => JSON.parse(body) as Rules));
}

async function isCurrent(read: Reader, owner: RulesOwner, etag: string | undefined): Promise<boolean> {
  if (etag === undefined || etag === "") return true;
  return etag === ((await findRules(read, owner))?.etag ?? etagOfNone);
}
