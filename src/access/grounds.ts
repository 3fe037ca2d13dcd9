import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey, ResourceKey } from "../storage/metadata/schema.ts";
import type { Condition, Conditions } from "./conditions.ts";
import { type DenyRule, forbids, parseDenyRole } from "./deny-rule.ts";
import type { Permission } from "./permissions.ts";
import type { Resource } from "./resource.ts";
import { isCustomRole, roles } from "./roles.ts";

/** What bindings refer to, looked up: with it a decision is a pure function. */
export interface Grounds {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Everybody whose bindings count for the caller. */
  readonly members: ReadonlySet<MemberKey>;
  /** The permissions of projects' own roles, those in force. */
  readonly roles: ReadonlyMap<string, ReadonlySet<Permission>>;
  readonly conditions: ReadonlyMap<string, Condition>;
  /** By the guard's key and the role that stands for the rule. */
  readonly denyRules: ReadonlyMap<string, DenyRule>;
}

/** Why a binding that names the caller gives something or not. */
export type Bearing = "granted" | "other permissions" | "role not in force" | "condition" | "public access prevented";

const nothing: Omit<Grounds, "now"> = {
  members: new Set(),
  roles: new Map(),
  conditions: new Map(),
  denyRules: new Map(),
};

/** Looks up what these bindings refer to. Most refer to nothing but predefined roles, and cost no look-up. */
export async function groundsOf(
  metadata: Metadata,
  conditions: Conditions,
  bindings: readonly BindingRow[],
  members: readonly MemberKey[],
  now: number,
): Promise<Grounds> {
  if (bindings.every(({ role, condition }) => condition === "" && roles.has(role))) return { ...nothing, now };
  const found = {
    now,
    members: new Set(members),
    roles: new Map<string, ReadonlySet<Permission>>(),
    conditions: new Map<string, Condition>(),
    denyRules: new Map<string, DenyRule>(),
  };
  for (const { resource, role, condition } of bindings) {
    const deny = parseDenyRole(role);
    if (deny) {
      const json = await metadata.hot.denyRules(guardedBy(resource), deny.policy);
      const rule = json === undefined ? undefined : (JSON.parse(json) as DenyRule[])[deny.index];
      if (rule) found.denyRules.set(`${resource} ${role}`, rule);
    } else if (isCustomRole(role) && !found.roles.has(role)) {
      const json = await metadata.hot.customRole(role);
      if (json !== undefined) found.roles.set(role, new Set(JSON.parse(json) as Permission[]));
    }
    const compiled = condition === "" ? undefined : await conditions.read(condition);
    if (compiled) found.conditions.set(condition, compiled);
  }
  return found;
}

/** What one binding gives. A condition that cannot be read holds for nobody. */
export function bearingOf(
  binding: BindingRow,
  permission: Permission,
  resource: Resource,
  grounds: Grounds,
  publicPrevented: boolean,
): Bearing {
  const { role, member, condition } = binding;
  const permissions = roles.get(role)?.permissions ?? grounds.roles.get(role);
  if (!permissions) return "role not in force";
  if (!permissions.has(permission)) return "other permissions";
  if (publicPrevented && isEverybody(member)) return "public access prevented";
  if (condition === "") return "granted";
  return grounds.conditions.get(condition)?.holds(attributesOf(resource), grounds.now) ? "granted" : "condition";
}

/** The first deny rule among the bindings that forbids this. */
export function denialIn(
  bindings: readonly BindingRow[],
  permission: Permission,
  { members, denyRules }: Grounds,
): BindingRow | undefined {
  if (denyRules.size === 0) return undefined;
  return bindings.find(({ resource, role }) => {
    const rule = denyRules.get(`${resource} ${role}`);
    return rule !== undefined && forbids(rule, members, permission);
  });
}

/** Whether what is open to everybody counts here: the nearest word on it counts. */
export function preventsPublic(bindings: readonly BindingRow[]): boolean {
  const marks = bindings.filter(({ role }) => role.startsWith("constraint:storage.publicAccessPrevention:"));
  const nearest = marks.find(({ resource }) => resource !== "guard/installation") ?? marks[0];
  return nearest?.role.endsWith(":on") ?? false;
}

/** The keys under which a resource's limits hang. */
export function guardsOf(keys: readonly ResourceKey[]): ResourceKey[] {
  return keys
    .filter((key) => key === "installation" || key.startsWith("project/"))
    .map((key) => `guard/${key}` as const);
}

/** Whether a binding is none: the trace of a deny rule or a constraint. */
export function isGuard({ resource }: BindingRow): boolean {
  return resource.startsWith("guard/");
}

export function isEverybody(member: string): boolean {
  return member === "allUsers" || member === "allAuthenticatedUsers";
}

function attributesOf({ attributes }: Resource) {
  return attributes ?? { name: "", type: "", service: "" };
}

/** The resource whose guard this is. */
function guardedBy(guard: ResourceKey): ResourceKey {
  return guard.slice("guard/".length) as ResourceKey;
}
