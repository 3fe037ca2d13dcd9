import { createHash, randomBytes } from "node:crypto";
import { AdministrationError } from "../identity/administration-error.ts";
import { constraintsOn } from "../identity/constraints.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { readPolicy, replacePolicy } from "../storage/metadata/policies.ts";
import type { Reader, ResourceKey, Writer } from "../storage/metadata/schema.ts";
import { type Binding, presentBindings, type Row, toRows } from "./policy-text.ts";
import { projectOf } from "./project-of.ts";

export type { Binding } from "./policy-text.ts";

/** Who has which roles on a resource, as Google writes it: names, not ids. */
export interface Policy {
  /** 3 where it has conditions and shows them, else 1. */
  readonly version: number;
  readonly etag: string;
  readonly bindings: readonly Binding[];
}

/** The form of a policy: conditions are part of the third (cloud.google.com/iam/docs/policies#versions). */
export const conditionalVersion = 3;

/** The policies of all resources. */
export class Policies {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** @param version the form that the caller can read: in an older one a conditional role shows under another name */
  async get(resource: ResourceKey, version = 1): Promise<Policy> {
    return await present(this.#metadata.read, resource, version);
  }

  /**
   * Replaces a policy. With an etag only while the policy is still the one that carried it; the answer carries the new one.
   * Throws `conflict` where somebody changed it in the meantime, `invalid` for unknown roles and members, and where
   * whoever writes an older version would lose conditions.
   */
  async set(
    resource: ResourceKey,
    policy: { etag?: string | undefined; version?: number | undefined; bindings: readonly Binding[] },
  ): Promise<Policy> {
    return await this.#metadata.write(async (write) => {
      const current = await readPolicy(write, resource);
      if (policy.etag !== undefined && policy.etag !== "" && policy.etag !== publicEtag(current.etag)) {
        throw new AdministrationError(
          "conflict",
          "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
        );
      }
      requireVersion(policy, current.bindings);
      const publicPrevented = await isPublicPrevented(write, resource);
      const context = { current: current.bindings, publicPrevented, now: this.#now() };
      await this.#replace(write, resource, await toRows(write, resource, policy.bindings, context));
      return await present(write, resource, conditionalVersion);
    });
  }

  /** The rows that `set` would store, and what it would throw; nothing of it is kept. */
  async preview(resource: ResourceKey, bindings: readonly Binding[]): Promise<Row[]> {
    const undo = new Error("a preview");
    let rows: Row[] = [];
    try {
      await this.#metadata.write(async (write) => {
        const { bindings: current } = await readPolicy(write, resource);
        const publicPrevented = await isPublicPrevented(write, resource);
        rows = await toRows(write, resource, bindings, { current, publicPrevented, now: this.#now() });
        // Users whom it names for the first time were made in this transaction.
        throw undo;
      });
    } catch (error) {
      if (error !== undo) throw error;
    }
    return rows;
  }

  /** Adds one binding to what is there. */
  async grant(write: Writer, resource: ResourceKey, row: Omit<BindingRow, "resource">): Promise<void> {
    const { bindings } = await readPolicy(write, resource);
    await this.#replace(write, resource, [...bindings, row]);
  }

  async #replace(write: Writer, resource: ResourceKey, bindings: readonly Row[]): Promise<void> {
    await replacePolicy(write, resource, { etag: randomBytes(8).toString("base64"), bindings }, this.#now());
    await raisePolicyVersion(write);
  }
}

/** A policy that was never set has an etag too, or two people could each make the first change. */
function publicEtag(etag: string): string {
  return etag === "" ? "ACAB" : etag;
}

async function present(read: Reader, resource: ResourceKey, version: number): Promise<Policy> {
  const { etag, bindings: rows } = await readPolicy(read, resource);
  const bindings = await presentBindings(read, rows);
  const shown = version === conditionalVersion ? bindings : bindings.map(hideCondition);
  const conditional = shown.some(({ condition }) => condition !== undefined);
  return { version: conditional ? conditionalVersion : 1, etag: publicEtag(etag), bindings: shown };
}

/** Google's name for a role whose condition the caller cannot read; it cannot be written back by mistake. */
function hideCondition({ role, members, condition }: Binding): Binding {
  if (!condition) return { role, members };
  const hash = createHash("sha256").update(JSON.stringify(condition)).digest("hex").slice(0, 20);
  return { role: `${role}_withcond_${hash}`, members };
}

/** Who writes an older form has not seen the conditions, and would grant for ever what was granted for a while. */
function requireVersion(
  { version = 0, bindings }: { version?: number | undefined; bindings: readonly Binding[] },
  current: readonly Row[],
): void {
  if (version === conditionalVersion) return;
  const adds = bindings.some(({ condition }) => condition !== undefined);
  const loses = current.some(({ condition }) => condition !== "");
  if (!adds && !loses) return;
  const why = adds ? "the policy has conditions" : "the policy that is there has conditions, which would be lost";
  const text = `must be ${conditionalVersion}: ${why}. Read it with requestedPolicyVersion ${conditionalVersion}.`;
  throw new AdministrationError("invalid", `The version of the policy ${text}`);
}

async function isPublicPrevented(read: Reader, resource: ResourceKey): Promise<boolean> {
  const projectId = await projectOf(read, resource);
  return (await constraintsOn(read, projectId)).publicAccessPrevented;
}
