import type { Caller, TokenAccess } from "../identity/caller.ts";
import { type Principal, principalName } from "../identity/principal.ts";
import type { TokenLimits } from "../identity/token-limits.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey } from "../storage/metadata/schema.ts";
import { boundariesAdmit } from "./boundaries.ts";
import { Conditions } from "./conditions.ts";
import { bearingOf, denialIn, type Grounds, groundsOf, guardsOf, preventsPublic } from "./grounds.ts";
import { membersOf } from "./members.ts";
import type { Permission } from "./permissions.ts";
import type { Resource } from "./resource.ts";
import { scopeFor, scopesReach } from "./scope-limits.ts";

/** Which of the limits said no; `anonymous` where logging in might help, `boundary` what a token was narrowed to. */
export type RefusalReason = "anonymous" | "policy" | "scope" | "boundary" | "token";

export type Decision = Allowed | Refusal;

export interface Allowed {
  readonly allowed: true;
  /** The binding that grants it. */
  readonly by: BindingRow;
  /** Whether the clock alone could change the answer: such a decision is not to be remembered. */
  readonly momentary: boolean;
}

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
  readonly #now: () => number;
  readonly #conditions = new Conditions();
  /** Beside the caller, whom the authenticator makes anew whenever anything changed: a group, too. */
  readonly #members = new WeakMap<Caller, readonly MemberKey[]>();

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** @param needed what a registry token must carry; asked of registry tokens only */
  async decide(caller: Caller, permission: Permission, resource: Resource, needed?: NeededAccess): Promise<Decision> {
    const { bindings, grounds } = await this.consider(caller, resource);
    const decision = evaluate(caller, permission, resource, bindings, grounds, needed);
    const limits = caller.lineage?.limits;
    return decision.allowed && limits ? await this.#within(limits, decision, caller, permission, resource) : decision;
  }

  /** What a token was narrowed to is left to it, and no more. */
  async #within(limits: TokenLimits, decision: Allowed, caller: Caller, permission: Permission, resource: Resource) {
    const { admitted, momentary } = await boundariesAdmit(limits, permission, resource, this.#conditions, this.#now());
    if (admitted) return { ...decision, momentary: decision.momentary || momentary };
    const { principal } = caller;
    const message = `${principalName(principal)} has "${permission}" on ${resource.name}, but this token was made for less.`;
    return { allowed: false, reason: "boundary", principal, permission, resource: resource.name, message } as const;
  }

  /** Whether a deny rule is in the way: then no grant would help. */
  async isDenied(caller: Caller, permission: Permission, resource: Resource): Promise<boolean> {
    const { bindings, grounds } = await this.consider(caller, resource);
    return denialIn(bindings, permission, grounds) !== undefined;
  }

  /** What a decision on this resource stands on: every binding and limit that names the caller. */
  async consider(caller: Caller, resource: Resource): Promise<{ bindings: BindingRow[]; grounds: Grounds }> {
    const members = this.#members.get(caller) ?? (await this.membersOf(caller));
    const bindings = await this.#metadata.hot.bindings([...resource.keys, ...guardsOf(resource.keys)], members);
    const grounds = await groundsOf(this.#metadata, this.#conditions, bindings, members, this.#now());
    return { bindings, grounds };
  }

  /** Everybody whose bindings count for the caller, groups included. */
  async membersOf(caller: Caller): Promise<readonly MemberKey[]> {
    const known = this.#members.get(caller);
    if (known) return known;
    const members = await this.membersOfPrincipal(caller.principal);
    this.#members.set(caller, members);
    return members;
  }

  /** As `membersOf`, asked anew. */
  async membersOfPrincipal(principal: Principal): Promise<readonly MemberKey[]> {
    const own = membersOf(principal);
    if (principal.kind === "anonymous") return own;
    const groups = await this.#metadata.hot.groupsOf(own);
    return [...own, ...groups.map((id) => `group:${id}` as const)];
  }

  /** What these bindings refer to, for whoever evaluates others than those that are stored. */
  async groundsOf(bindings: readonly BindingRow[], members: readonly MemberKey[]): Promise<Grounds> {
    return await groundsOf(this.#metadata, this.#conditions, bindings, members, this.#now());
  }
}

/**
 * The decision itself: bindings that name the caller, and the limits of the caller's credential. Deny rules come first;
 * a grant without a condition before one with.
 */
export function evaluate(
  caller: Caller,
  permission: Permission,
  resource: Resource,
  bindings: readonly BindingRow[],
  grounds: Grounds,
  needed?: NeededAccess,
): Decision {
  const { principal } = caller;
  const refuse = (reason: RefusalReason, message: string): Refusal => {
    return { allowed: false, reason, principal, permission, resource: resource.name, message };
  };
  const by = denialIn(bindings, permission, grounds) ? undefined : grantIn(bindings, permission, resource, grounds);
  if (!by) {
    return refuse(principal.kind === "anonymous" ? "anonymous" : "policy", deniedText(caller, permission, resource));
  }
  if (principal.kind !== "anonymous" && !scopesReach(caller.scopes, permission)) {
    const who = `${principalName(principal)} has "${permission}" on ${resource.name}`;
    return refuse("scope", `${who}, but this token's scopes do not reach it: get one with ${scopeFor(permission)}.`);
  }
  if (caller.access && needed && !carries(caller.access, needed)) {
    const who = `${principalName(principal)} has "${permission}" on ${resource.name}`;
    return refuse("token", `${who}, but this registry token was made for less: get one for ${needed.action}.`);
  }
  return { allowed: true, by, momentary: grounds.conditions.get(by.condition)?.readsTime ?? false };
}

function grantIn(
  bindings: readonly BindingRow[],
  permission: Permission,
  resource: Resource,
  grounds: Grounds,
): BindingRow | undefined {
  const prevented = preventsPublic(bindings);
  const grants = (binding: BindingRow) => bearingOf(binding, permission, resource, grounds, prevented) === "granted";
  return (
    bindings.find((binding) => binding.condition === "" && grants(binding)) ??
    bindings.find((binding) => binding.condition !== "" && grants(binding))
  );
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
