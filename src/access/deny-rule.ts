import type { MemberKey } from "../storage/metadata/schema.ts";
import type { Permission } from "./permissions.ts";

/** Whatever was granted, these may not do this. Stored as JSON, in this form. */
export interface DenyRule {
  readonly denied: readonly MemberKey[];
  readonly exceptions: readonly MemberKey[];
  /** Permissions; `artifactregistry.tags.*` and `*` stand for many. */
  readonly permissions: readonly string[];
  readonly exceptPermissions: readonly string[];
}

/** How decisions are shown that a rule names somebody: a role that no role can be called. */
export function denyRole(policy: string, index: number): string {
  return `deny:${policy}/${index}`;
}

/** The inverse of `denyRole`; undefined for any other role. */
export function parseDenyRole(role: string): { policy: string; index: number } | undefined {
  if (!role.startsWith("deny:")) return undefined;
  const slash = role.lastIndexOf("/");
  return { policy: role.slice("deny:".length, slash), index: Number(role.slice(slash + 1)) };
}

/** Whether the rule, which names one of these members, forbids this. */
export function forbids(rule: DenyRule, members: ReadonlySet<MemberKey>, permission: Permission): boolean {
  // What takes a deny rule away cannot be denied, or nobody could mend a rule for everybody.
  if (permission.startsWith("iam.denypolicies.")) return false;
  const isNamed = (patterns: readonly string[]) => patterns.some((pattern) => matches(pattern, permission));
  return (
    isNamed(rule.permissions) &&
    !isNamed(rule.exceptPermissions) &&
    !rule.exceptions.some((exception) => members.has(exception))
  );
}

function matches(pattern: string, permission: Permission): boolean {
  return pattern.endsWith("*") ? permission.startsWith(pattern.slice(0, -1)) : pattern === permission;
}
