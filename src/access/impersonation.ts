import type { Caller } from "../identity/caller.ts";
import { signIdToken } from "../identity/id-token.ts";
import { type Actor, actorsMax, type Lineage } from "../identity/lineage.ts";
import { type Principal, principalKey, principalName } from "../identity/principal.ts";
import type { MayActAs, ServiceAccountPrincipal } from "../identity/provenance.ts";
import { formatScopes, type Scopes, scope } from "../identity/scopes.ts";
import type { ServiceTokens } from "../identity/service-tokens.ts";
import type { SigningKeys } from "../identity/signing-keys.ts";
import { joinLimits, type TokenLimits } from "../identity/token-limits.ts";
import { admitsWorkload } from "../identity/workload-binding.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { findServiceAccount } from "../storage/metadata/service-accounts.ts";
import type { Access, Refusal } from "./decide.ts";
import type { Permission } from "./permissions.ts";
import { serviceAccountResource } from "./resource.ts";

/** Somebody who was let become an account, with all that lies between them. */
export interface Impersonated {
  readonly allowed: true;
  readonly account: ServiceAccountPrincipal;
  readonly lineage: Lineage;
}

/** An account that somebody would become, and the workloads that alone may. */
type Target = ServiceAccountPrincipal & { readonly workloads: string };

const pass: Permission = "iam.serviceAccounts.implicitDelegation";
const become: Permission = "iam.serviceAccounts.getAccessToken";
/** An account that speaks for itself is limited by its roles alone. */
const unlimited: Scopes = new Set([scope.cloudPlatform]);

/** Who may become which service account: with the permission on it, or over delegates each of whom has it on the next. */
export class Impersonation {
  readonly #metadata: Metadata;
  readonly #access: Access;
  readonly #tokens: ServiceTokens;
  readonly #signingKeys: SigningKeys;
  readonly #now: () => number;

  constructor(metadata: Metadata, access: Access, tokens: ServiceTokens, signingKeys: SigningKeys, now: () => number) {
    this.#metadata = metadata;
    this.#access = access;
    this.#tokens = tokens;
    this.#signingKeys = signingKeys;
    this.#now = now;
  }

  /**
   * Walks from the caller over the delegates to the account. What does not exist, or is disabled, is refused like what is
   * forbidden.
   *
   * @param delegates e-mails or unique ids
   * @param permission asked of the last one before the account; the others must be allowed to pass the request on
   */
  async authorize(
    caller: Caller,
    delegates: readonly string[],
    email: string,
    permission: Permission,
  ): Promise<Impersonated | Refusal> {
    const { lineage = {}, principal } = caller;
    const own: Actor = { sub: principalKey(principal), ...pick(lineage) };
    const actors: Actor[] = [...(lineage.actors ?? []), own];
    let speaker = caller;
    const chain = [...delegates, email];
    for (const [index, name] of chain.entries()) {
      const last = index === chain.length - 1;
      const account = await this.#find(name);
      const resource = serviceAccountResource(name, account);
      const decision = await this.#access.decide(speaker, last ? permission : pass, resource);
      if (!decision.allowed) return decision;
      if (!account || actors.length > actorsMax)
        return await this.#refuseMissing(speaker, last ? permission : pass, name);
      if (!admitsWorkload(account.workloads, caller.first ?? caller.principal)) {
        return refuseOtherWorkload(caller, last ? permission : pass, account);
      }
      if (last) return { allowed: true, account, lineage: carryOn(lineage, actors) };
      actors.push({ sub: principalKey(account), delegate: true });
      speaker = ownCaller(account);
    }
    throw new Error("a chain has an end");
  }

  /**
   * @param lifetimeSeconds checked by whoever read it
   * @param bounds what the token is to be bound to, beside what its maker's token is
   */
  accessToken(
    { account, lineage }: Impersonated,
    scopes: Scopes,
    lifetimeSeconds: number,
    bounds: TokenLimits | undefined,
  ) {
    const issuedAt = Math.floor(this.#now() / 1000);
    const expiresAt = issuedAt + lifetimeSeconds;
    const limits = joinLimits(lineage.limits, bounds);
    const token = this.#tokens.sign("access", {
      sub: principalKey(account),
      iat: issuedAt,
      exp: expiresAt,
      scope: formatScopes(scopes),
      ...lineage,
      ...(limits && { limits }),
    });
    return { token, expiresAt: expiresAt * 1000 };
  }

  async idToken({ account }: Impersonated, audience: string, issuer: string, includeEmail: boolean): Promise<string> {
    return await signIdToken(this.#signingKeys, account, audience, issuer, this.#now(), includeEmail);
  }

  async #find(emailOrId: string): Promise<Target | undefined> {
    const row = await findServiceAccount(this.#metadata.read, emailOrId.toLowerCase());
    const state = row && (await this.#metadata.hot.accountState(row.id));
    return state?.live === 1
      ? {
          kind: "serviceAccount",
          id: state.accountId,
          email: state.email,
          projectId: state.projectId,
          workloads: state.workloads,
        }
      : undefined;
  }

  /** An owner of everything has the permission on what is not there, too. */
  async #refuseMissing(caller: Caller, permission: Permission, name: string): Promise<Refusal> {
    const nobody = { name: `service account ${name}`, keys: [] };
    const decision = await this.#access.decide(caller, permission, nobody);
    if (decision.allowed) throw new Error("allowed without a resource");
    return decision;
  }
}

/** Asks today's policy what was asked when a token was made by impersonation. */
export function mayActAs(access: Access): MayActAs {
  return async (actor, account, how) => {
    const permission = how === "delegate" ? pass : become;
    const resource = serviceAccountResource(account.email, account);
    const decision = await access.decide(ownCaller(actor), permission, resource);
    if (!decision.allowed) return "no";
    return decision.momentary ? "for now" : "yes";
  };
}

function ownCaller(principal: Principal): Caller {
  return { principal, scopes: unlimited, keyId: undefined, access: undefined, expiresAt: Number.POSITIVE_INFINITY };
}

/** Who may become the account by its policy is told why that does not count. */
function refuseOtherWorkload({ principal }: Caller, permission: Permission, { email }: Target): Refusal {
  const resource = `service account ${email}`;
  const message = `${principalName(principal)} has "${permission}" on ${resource}, but the account is bound to a workload: only what began with that workload's own token may become it.`;
  return { allowed: false, reason: "boundary", principal, permission, resource, message };
}

/** A token that was narrowed makes none that is wider. */
function carryOn({ limits, from = [] }: Lineage, actors: Actor[]): Lineage {
  return { actors, from, ...(limits && { limits }) };
}

function pick({ key, login, workload }: Lineage): Pick<Lineage, "key" | "login" | "workload"> {
  return { ...(key !== undefined && { key }), ...(login !== undefined && { login }), ...(workload && { workload }) };
}
