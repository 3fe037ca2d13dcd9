import type { Caller, TokenAccess } from "../identity/caller.ts";
import { type Principal, principalKey, principalName } from "../identity/principal.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey } from "../storage/metadata/schema.ts";
import type { Permission } from "./permissions.ts";
import type { Resource } from "./resource.ts";
import { roles } from "./roles.ts";
import { scopeFor, scopesReach } from "./scope-limits.ts";

/** Which of the three limits said no; `anonymous` where logging in might help. */
export type RefusalReason = "anonymous" | "policy" | "scope" | "token";

export type Decision = { readonly allowed: true } | Refusal;

export interface Refusal {
  readonly allowed: false;
  readonly reason: RefusalReason;
  readonly principal: Principal;
  readonly permission: Permission;
  readonly resource: string;
  /** For the caller. A missing and a forbidden resource read alike. */
  readonly message: string;
}

/** What a registry token must carry for a request: a type, a name, an action. */
export interface NeededAccess {
  readonly type: string;
  readonly name: string;
  readonly action: string;
}

/** Allowed = policy ∧ OAuth scope ∧ the token's own access, from today's rows. */
export class Access {
  readonly #metadata: Metadata;

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
  }

  /** @param needed what a registry token must carry; asked of registry tokens only */
  async decide(caller: Caller, permission: Permission, resource: Resource, needed?: NeededAccess): Promise<Decision> {
    const bindings = await this.#metadata.hot.bindings(resource.keys, membersOf(caller.principal));
    return evaluate(caller, permission, resource, bindings, needed);
  }
}

/** The decision itself: bindings that name the caller, and the limits of the caller's credential. */
export function evaluate(
  caller: Caller,
  permission: Permission,
  resource: Resource,
  bindings: readonly BindingRow[],
  needed?: NeededAccess,
): Decision {
  const { principal } = caller;
  const refuse = (reason: RefusalReason, message: string): Refusal => {
    return { allowed: false, reason, principal, permission, resource: resource.name, message };
  };
  const granted = bindings.some(
    ({ role, condition }) => condition === "" && roles.get(role)?.permissions.has(permission),
  );
  if (!granted)
    return refuse(principal.kind === "anonymous" ? "anonymous" : "policy", deniedText(caller, permission, resource));
  if (principal.kind !== "anonymous" && !scopesReach(caller.scopes, permission)) {
    const who = `${principalName(principal)} has "${permission}" on ${resource.name}`;
    return refuse("scope", `${who}, but this token's scopes do not reach it: get one with ${scopeFor(permission)}.`);
  }
  if (caller.access && needed && !carries(caller.access, needed)) {
    const who = `${principalName(principal)} has "${permission}" on ${resource.name}`;
    return refuse("token", `${who}, but this registry token was made for less: get one for ${needed.action}.`);
  }
  return { allowed: true };
}

/** Everybody whose bindings count for this principal. */
export function membersOf(principal: Principal): MemberKey[] {
  if (principal.kind === "anonymous") return ["allUsers"];
  // As at Google, whom an outside issuer vouches for is none of `allAuthenticatedUsers`.
  if (principal.kind === "federated")
    return [
      principalKey(principal) as MemberKey,
      ...principal.sets.map((set) => `principalSet:${set}` as const),
      "allUsers",
    ];
  return [principalKey(principal) as MemberKey, "allAuthenticatedUsers", "allUsers"];
}

function deniedText({ principal }: Caller, permission: Permission, resource: Resource): string {
  if (principal.kind === "anonymous") return "Log in: this is not open to everybody.";
  return `${principalName(principal)} does not have the permission "${permission}" on ${resource.name} (or it may not exist).`;
}

function carries(access: readonly TokenAccess[], { type, name, action }: NeededAccess): boolean {
  return access.some(
    (each) => each.type === type && each.name === name && (each.actions.includes(action) || each.actions.includes("*")),
  );
}
