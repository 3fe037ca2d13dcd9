import type { Metadata } from "../storage/metadata/metadata.ts";
import { federatedPrincipal } from "./federated.ts";
import { IdentityError } from "./identity-error.ts";
import type { Lineage } from "./lineage.ts";
import { type Principal, principalKey } from "./principal.ts";

export type ServiceAccountPrincipal = Principal & { kind: "serviceAccount" };
export type UserPrincipal = Principal & { kind: "user" };

/**
 * Whether somebody may become an account today: by a token of its own, or as a delegate that passes a request on.
 * `for now` where the clock alone could end it.
 */
export type MayActAs = (
  actor: Principal,
  account: ServiceAccountPrincipal,
  how: "token" | "delegate",
) => Promise<"yes" | "for now" | "no">;

/** Who a token speaks for; `momentary` where that is to be asked again every time. */
export interface Proven {
  readonly principal: Principal;
  readonly momentary: boolean;
}

/** Asks of a token's whole past whether it still holds: nothing outlives what it was made of. */
export class Provenance {
  readonly #metadata: Metadata;
  readonly #mayActAs: MayActAs;
  readonly #now: () => number;

  constructor(metadata: Metadata, mayActAs: MayActAs, now: () => number) {
    this.#metadata = metadata;
    this.#mayActAs = mayActAs;
    this.#now = now;
  }

  /** The live principal of a token. Throws `not_live` where it, or anything that it came from, has ended. */
  async principalOf(claims: Lineage & { sub: string; jti: string }): Promise<Proven> {
    const { actors = [], from = [], limits, jti } = claims;
    if (await this.#metadata.hot.anyRevoked([jti, ...from]))
      throw new IdentityError("not_live", "the token was revoked");
    const principal = await this.#live(claims);
    const { first, momentary } =
      actors.length > 0 ? await this.#followActors(actors, principal) : { first: principal, momentary: false };
    requireWorkload(first, limits?.workloads ?? []);
    return { principal, momentary };
  }

  /** The live principal behind a service account key. Throws `not_live`. */
  async keyHolder(keyId: string): Promise<ServiceAccountPrincipal> {
    return live(await this.#metadata.hot.keyState(keyId, this.#now()));
  }

  /** A live user, by id. Throws `not_live`. */
  async user(id: string): Promise<UserPrincipal> {
    const state = await this.#metadata.hot.userState(id);
    if (state?.live !== 1) throw new IdentityError("not_live", "the user is disabled or deleted");
    return { kind: "user", id: state.id, email: state.email };
  }

  /** Each could become the next one when the token was made; now they must all still be able to. */
  async #followActors(actors: NonNullable<Lineage["actors"]>, last: Principal) {
    let momentary = false;
    const chain: Principal[] = [];
    for (const actor of actors) chain.push(await this.#live(actor));
    for (const [index, actor] of chain.entries()) {
      const next = chain[index + 1] ?? last;
      const how = actors[index + 1]?.delegate ? "delegate" : "token";
      const answer = next.kind === "serviceAccount" ? await this.#mayActAs(actor, next, how) : "no";
      momentary ||= answer === "for now";
      if (answer !== "no") continue;
      throw new IdentityError("not_live", "the token's owner may no longer act as this account");
    }
    return { first: chain[0] ?? last, momentary };
  }

  async #live({
    sub,
    key,
    login,
    workload,
  }: Pick<Lineage, "key" | "login" | "workload"> & { sub: string }): Promise<Principal> {
    if (login !== undefined) await this.#requireLogin(login);
    if (workload) {
      const state = await this.#metadata.hot.providerState(workload.provider);
      if (state?.live === 1) return federatedPrincipal(sub, workload, state);
      throw new IdentityError("not_live", "the workload identity pool or provider is disabled or deleted");
    }
    const id = sub.slice(sub.indexOf(":") + 1);
    if (sub.startsWith("user:")) return await this.user(id);
    return key === undefined ? live(await this.#metadata.hot.accountState(id)) : await this.keyHolder(key);
  }

  async #requireLogin(login: string): Promise<void> {
    if (await this.#metadata.hot.loginLives(login, this.#now())) return;
    throw new IdentityError("not_live", "the login that this token was made for was ended");
  }
}

/** A token that is bound to a workload began with it. */
function requireWorkload(principal: Principal, workloads: readonly string[]): void {
  if (workloads.length === 0) return;
  const sets = principal.kind === "federated" ? principal.sets.map((set) => `principalSet:${set}`) : [];
  const names = [principalKey(principal), ...sets];
  if (workloads.every((workload) => names.includes(workload))) return;
  throw new IdentityError("wrong_place", "the token is bound to another workload");
}

function live(
  state: { accountId: string; email: string; projectId: string; live: number } | undefined,
): ServiceAccountPrincipal {
  if (state?.live !== 1) {
    throw new IdentityError("not_live", "the account or its key is disabled or deleted");
  }
  return { kind: "serviceAccount" as const, id: state.accountId, email: state.email, projectId: state.projectId };
}
