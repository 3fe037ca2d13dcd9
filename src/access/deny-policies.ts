import { randomBytes } from "node:crypto";
import { AdministrationError } from "../identity/administration-error.ts";
import {
  type DenyPolicyRow,
  findDenyPolicy,
  listDenyPolicies,
  putDenyPolicy,
  removeDenyPolicy,
} from "../storage/metadata/deny-policies.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey, Reader, ResourceKey, Writer } from "../storage/metadata/schema.ts";
import { type DenyRule, denyRole } from "./deny-rule.ts";
import { formatMember, parseMember } from "./member.ts";
import { permissions } from "./permissions.ts";

/** A deny rule in names, as people write it. */
export interface DenyRuleText {
  readonly deniedPrincipals: readonly string[];
  readonly exceptionPrincipals: readonly string[];
  readonly deniedPermissions: readonly string[];
  readonly exceptionPermissions: readonly string[];
}

export interface DenyPolicy extends Omit<DenyPolicyRow, "rules"> {
  readonly rules: readonly DenyRuleText[];
}

const nameWellFormed = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const policiesPerResourceMax = 50;
const rulesMax = 50;
const namesPerRuleMax = 200;
const displayNameCharactersMax = 63;

/** What is forbidden on a project or everywhere, whatever is granted. */
export class DenyPolicies {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  async find(resource: ResourceKey, name: string): Promise<DenyPolicy | undefined> {
    const row = await findDenyPolicy(this.#metadata.read, resource, name);
    return row && (await present(this.#metadata.read, row));
  }

  async list(resource: ResourceKey, after: string, limit: number): Promise<DenyPolicy[]> {
    const rows = await listDenyPolicies(this.#metadata.read, resource, after, limit);
    return await Promise.all(rows.map((row) => present(this.#metadata.read, row)));
  }

  /** Throws `invalid`, `already_exists`, `failed_precondition`. */
  async create(resource: ResourceKey, name: string, displayName: string, rules: readonly DenyRuleText[]) {
    if (!nameWellFormed.test(name)) {
      throw new AdministrationError("invalid", "A deny policy is named by lower-case letters, digits and -.");
    }
    return await this.#metadata.write(async (write) => {
      if (await findDenyPolicy(write, resource, name)) {
        throw new AdministrationError("already_exists", `The deny policy ${name} already exists.`);
      }
      if ((await listDenyPolicies(write, resource, "", policiesPerResourceMax)).length === policiesPerResourceMax) {
        throw new AdministrationError("failed_precondition", `There may be ${policiesPerResourceMax} deny policies.`);
      }
      return await this.#put(write, { resource, name, createdAt: this.#now() }, displayName, rules);
    });
  }

  /** With an etag only while it is as it was when it carried it. Throws `invalid`, `not_found`, `conflict`. */
  async update(
    resource: ResourceKey,
    name: string,
    { displayName, rules, etag }: { displayName: string; rules: readonly DenyRuleText[]; etag?: string | undefined },
  ): Promise<DenyPolicy> {
    return await this.#metadata.write(async (write) => {
      const current = requireCurrent(await findDenyPolicy(write, resource, name), name, etag);
      return await this.#put(write, current, displayName, rules);
    });
  }

  /** Throws `not_found`, `conflict`. */
  async delete(resource: ResourceKey, name: string, etag?: string): Promise<DenyPolicy> {
    return await this.#metadata.write(async (write) => {
      const current = requireCurrent(await findDenyPolicy(write, resource, name), name, etag);
      await removeDenyPolicy(write, resource, name);
      await raisePolicyVersion(write);
      return await present(write, current);
    });
  }

  async #put(
    write: Writer,
    { resource, name, createdAt }: Pick<DenyPolicyRow, "resource" | "name" | "createdAt">,
    displayName: string,
    texts: readonly DenyRuleText[],
  ): Promise<DenyPolicy> {
    if (displayName.length > displayNameCharactersMax || texts.length > rulesMax || texts.length === 0) {
      throw new AdministrationError(
        "invalid",
        `A deny policy has 1 to ${rulesMax} rules, and a display name of ${displayNameCharactersMax} characters at most.`,
      );
    }
    const rules: DenyRule[] = [];
    for (const text of texts) rules.push(await parseRule(write, text, this.#now()));
    const etag = randomBytes(8).toString("base64");
    const row = { resource, name, displayName, rules: JSON.stringify(rules), etag, createdAt, updatedAt: this.#now() };
    const denied = rules.flatMap((rule, index) =>
      rule.denied.map((member) => ({ member, role: denyRole(name, index) })),
    );
    await putDenyPolicy(write, row, denied);
    await raisePolicyVersion(write);
    return await present(write, row);
  }
}

function requireCurrent(row: DenyPolicyRow | undefined, name: string, etag: string | undefined): DenyPolicyRow {
  if (!row) throw new AdministrationError("not_found", `The deny policy ${name} does not exist.`);
  if (etag === undefined || etag === "" || etag === row.etag) return row;
  throw new AdministrationError("conflict", `The deny policy ${name} was changed meanwhile: read it again.`);
}

async function present(read: Reader, row: DenyPolicyRow): Promise<DenyPolicy> {
  const names = (members: readonly MemberKey[]) => Promise.all(members.map((member) => formatMember(read, member)));
  const rules = await Promise.all(
    (JSON.parse(row.rules) as DenyRule[]).map(async (rule) => ({
      deniedPrincipals: await names(rule.denied),
      exceptionPrincipals: await names(rule.exceptions),
      deniedPermissions: rule.permissions,
      exceptionPermissions: rule.exceptPermissions,
    })),
  );
  return { ...row, rules };
}

async function parseRule(write: Writer, text: DenyRuleText, now: number): Promise<DenyRule> {
  const { deniedPrincipals, exceptionPrincipals, deniedPermissions, exceptionPermissions } = text;
  const most = Math.max(...Object.values(text).map((names) => (names as readonly string[]).length));
  if (most > namesPerRuleMax || deniedPrincipals.length === 0 || deniedPermissions.length === 0) {
    throw new AdministrationError(
      "invalid",
      `A deny rule names deniedPrincipals and deniedPermissions, ${namesPerRuleMax} of each at most.`,
    );
  }
  const members = async (names: readonly string[]) => {
    const keys: MemberKey[] = [];
    for (const name of names) keys.push(await parseMember(write, toMember(name), now));
    return keys;
  };
  return {
    denied: await members(deniedPrincipals),
    exceptions: await members(exceptionPrincipals),
    permissions: deniedPermissions.map(parsePattern),
    exceptPermissions: exceptionPermissions.map(parsePattern),
  };
}

/** IAM v2's principal identifiers as the members that policies name; what is one already stays (cloud.google.com/iam/docs/principal-identifiers). */
function toMember(text: string): string {
  if (text === "principalSet://goog/public:all") return "allUsers";
  const account = /^principal:\/\/iam\.googleapis\.com\/projects\/-\/serviceAccounts\/(.+)$/.exec(text);
  if (account) return `serviceAccount:${account[1]}`;
  const named = /^principal(?:Set)?:\/\/goog\/(subject|group)\/(.+)$/.exec(text);
  return named ? `${named[1] === "group" ? "group" : "user"}:${named[2]}` : text;
}

/** `artifactregistry.googleapis.com/tags.delete` (IAM v2) or `artifactregistry.tags.delete`; `*` at the end for many. */
function parsePattern(text: string): string {
  const pattern = text.replace(".googleapis.com/", ".");
  const known = permissions.some((permission) =>
    pattern.endsWith("*") ? permission.startsWith(pattern.slice(0, -1)) : permission === pattern,
  );
  if (known && (!pattern.endsWith("*") || /^(?:\*|[a-zA-Z]+(?:\.[a-zA-Z]+)?\.\*)$/.test(pattern))) return pattern;
  throw new AdministrationError("invalid", `Permission ${text.slice(0, 100)} is not known here.`);
}
