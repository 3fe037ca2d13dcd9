import { randomBytes } from "node:crypto";
import { AdministrationError } from "../identity/administration-error.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { readPolicy, replacePolicy } from "../storage/metadata/policies.ts";
import type { Reader, ResourceKey, Writer } from "../storage/metadata/schema.ts";
import { formatMember, parseMember } from "./member.ts";
import { roles } from "./roles.ts";

/** Who has which roles on a resource, as Google writes it: names, not ids. */
export interface Policy {
  readonly version: number;
  readonly etag: string;
  readonly bindings: readonly Binding[];
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

const bindingsMax = 1500;

/** The policies of all resources. */
export class Policies {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  async get(resource: ResourceKey): Promise<Policy> {
    return await present(this.#metadata.read, resource);
  }

  /**
   * Replaces a policy. With an etag only while the policy is still the one that carried it; the answer carries the new one.
   * Throws `conflict` where somebody changed it in the meantime, `invalid` for unknown roles and members.
   */
  async set(
    resource: ResourceKey,
    policy: { etag?: string | undefined; bindings: readonly Binding[] },
  ): Promise<Policy> {
    return await this.#metadata.write(async (write) => {
      const current = await readPolicy(write, resource);
      if (policy.etag !== undefined && policy.etag !== "" && policy.etag !== publicEtag(current.etag)) {
        throw new AdministrationError(
          "conflict",
          "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
        );
      }
      await this.#replace(write, resource, await toRows(write, resource, policy.bindings, this.#now()));
      return await present(write, resource);
    });
  }

  /** Adds one binding to what is there. */
  async grant(write: Writer, resource: ResourceKey, row: Omit<BindingRow, "resource">): Promise<void> {
    const { bindings } = await readPolicy(write, resource);
    await this.#replace(write, resource, [...bindings, row]);
  }

  async #replace(write: Writer, resource: ResourceKey, bindings: Omit<BindingRow, "resource">[]): Promise<void> {
    await replacePolicy(write, resource, { etag: randomBytes(8).toString("base64"), bindings }, this.#now());
    await raisePolicyVersion(write);
  }
}

/** A policy that was never set has an etag too, or two people could each make the first change. */
function publicEtag(etag: string): string {
  return etag === "" ? "ACAB" : etag;
}

async function present(read: Reader, resource: ResourceKey): Promise<Policy> {
  const { etag, bindings } = await readPolicy(read, resource);
  const byRole = new Map<string, string[]>();
  for (const { role, member } of bindings) {
    byRole.set(role, [...(byRole.get(role) ?? []), await formatMember(read, member)]);
  }
  return {
    version: 1,
    etag: publicEtag(etag),
    bindings: [...byRole].map(([role, members]) => ({ role, members: members.sort() })),
  };
}

async function toRows(write: Writer, resource: ResourceKey, bindings: readonly Binding[], now: number) {
  const rows: Omit<BindingRow, "resource">[] = [];
  for (const { role, members } of bindings) {
    requireRole(role, resource);
    if (members.some(isEverybody)) requireImagesOnly(role);
    for (const member of members) rows.push({ role, member: await parseMember(write, member, now), condition: "" });
  }
  if (rows.length > bindingsMax) {
    throw new AdministrationError("invalid", `A policy may name ${bindingsMax} members at most: use a group.`);
  }
  return rows;
}

function requireRole(name: string, resource: ResourceKey): void {
  const role = roles.get(name);
  if (!role) throw new AdministrationError("invalid", `Role ${name} is not supported for this resource.`);
  const above = resource === "installation" || resource.startsWith("project/");
  if (role.belowProject && above) {
    throw new AdministrationError(
      "invalid",
      `Role ${name} is granted on a location or a repository, not on a project.`,
    );
  }
}

function isEverybody(member: string): boolean {
  return member === "allUsers" || member === "allAuthenticatedUsers";
}

/** What everybody gets cannot be taken back from those who used it: no account, policy or project for them. */
function requireImagesOnly(name: string): void {
  const permissions = [...(roles.get(name)?.permissions ?? [])];
  const imagesOnly = permissions.every((each) => each.startsWith("artifactregistry.") && !each.endsWith("IamPolicy"));
  if (imagesOnly) return;
  throw new AdministrationError("invalid", `Role ${name} is not for everybody: choose one for images only.`);
}
