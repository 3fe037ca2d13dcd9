import type { Caller } from "../identity/caller.ts";
import { type Principal, principalKey, principalName } from "../identity/principal.ts";
import { scope } from "../identity/scopes.ts";
import { listAuditUses } from "../storage/metadata/audit-uses.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey, ResourceKey } from "../storage/metadata/schema.ts";
import { type Access, evaluate } from "./decide.ts";
import type { Permission } from "./permissions.ts";
import type { Policies } from "./policies.ts";
import { type Binding, presentBindings, type Row } from "./policy-text.ts";
import type { Resource } from "./resource.ts";

/** What a policy would have meant for what was done. */
export interface WhatIf {
  /** Whoever could do something, did it, and could not any more. */
  readonly cutOff: readonly CutOff[];
  /** What the policy grants and nobody used. */
  readonly unused: readonly Binding[];
  /** Different uses that were looked at, and whether there were more. */
  readonly uses: number;
  readonly incomplete: boolean;
}

export interface CutOff {
  readonly principal: string;
  readonly permission: string;
  readonly resource: string;
  readonly times: number;
  /** Days since 1970. */
  readonly lastDay: number;
}

/** How far back it looks. */
export const whatIfDays = 30;
const usesMax = 10_000;
/** Uses that are replayed before others have their turn. */
const usesAtOnce = 100;
const dayMilliseconds = 24 * 60 * 60 * 1000;

interface Domains {
  readonly metadata: Metadata;
  readonly access: Access;
  readonly policies: Policies;
  readonly now: () => number;
}

interface Proposal {
  readonly project: ResourceKey;
  readonly proposed: readonly BindingRow[];
  readonly unused: Set<BindingRow>;
}

type UseRow = Awaited<ReturnType<typeof listAuditUses>>[number];

/**
 * Decides every use of the last 30 days again, as if the project had this policy. Only the policy is asked: with which
 * scopes a token came then says nothing about the next one. Throws `invalid` for a policy that could not be set.
 */
export async function whatIf(domains: Domains, projectId: string, bindings: readonly Binding[]): Promise<WhatIf> {
  const { metadata, policies, now } = domains;
  const project = `project/${projectId}` as const;
  const proposed = (await policies.preview(project, bindings)).map((row) => ({ ...row, resource: project }));
  const unused = new Set<BindingRow>(proposed);
  const since = Math.floor(now() / dayMilliseconds) - whatIfDays;
  const rows = await listAuditUses(metadata.read, projectId, since, usesMax + 1);
  const cutOff: CutOff[] = [];
  const members = new Map<string, readonly MemberKey[]>();
  for (const [index, row] of rows.slice(0, usesMax).entries()) {
    if (index % usesAtOnce === usesAtOnce - 1) await Bun.sleep(0);
    if (await isCutOff(domains, row, { project, proposed, unused }, members)) cutOff.push(toCutOff(row));
  }
  return {
    cutOff,
    unused: await presentBindings(metadata.read, [...unused].map(toRow)),
    uses: Math.min(rows.length, usesMax),
    incomplete: rows.length > usesMax,
  };
}

/** Whether it would be refused and is not now; takes from `unused` what grants it. */
async function isCutOff(
  { access }: Domains,
  row: UseRow,
  { project, proposed, unused }: Proposal,
  membersOf: Map<string, readonly MemberKey[]>,
): Promise<boolean> {
  const caller = callerOf(JSON.parse(row.identity) as Principal);
  const { keys, attributes } = JSON.parse(row.resourceKeys) as Omit<Resource, "name">;
  const resource: Resource = { name: row.resource, keys, ...(attributes && { attributes }) };
  const permission = row.permission as Permission;
  const members = membersOf.get(row.principal) ?? (await access.membersOfPrincipal(caller.principal));
  membersOf.set(row.principal, members);
  const today = await access.consider(caller, resource);
  const mine = proposed.filter(({ member }) => members.includes(member));
  const then = [...today.bindings.filter((binding) => binding.resource !== project), ...mine];
  const grounds = await access.groundsOf(then, members);
  for (const binding of mine) {
    if (unused.has(binding) && evaluate(caller, permission, resource, [binding], grounds).allowed)
      unused.delete(binding);
  }
  if (evaluate(caller, permission, resource, then, grounds).allowed) return false;
  return evaluate(caller, permission, resource, today.bindings, today.grounds).allowed;
}

/** A caller whose token limits nothing. */
function callerOf(principal: Principal): Caller {
  return {
    principal,
    scopes: new Set([scope.cloudPlatform]),
    keyId: undefined,
    access: undefined,
    expiresAt: Number.POSITIVE_INFINITY,
  };
}

function toRow({ role, member, condition }: BindingRow): Row {
  return { role, member, condition };
}

function toCutOff({ identity, permission, resource, count, lastDay }: UseRow): CutOff {
  const principal = JSON.parse(identity) as Principal;
  const name = principalKey(principal) === "" ? "allUsers" : principalName(principal);
  return { principal: name, permission, resource, times: Number(count), lastDay: Number(lastDay) };
}
