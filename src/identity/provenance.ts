import type { AccountState } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { federatedPrincipal } from "./federated.ts";
import { IdentityError } from "./identity-error.ts";
import type { Lineage } from "./lineage.ts";
import type { Principal } from "./principal.ts";
import { requireAdmitted, requireAllWorkloads } from "./workload-binding.ts";

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
  /** Who was at the beginning: the principal itself where nobody became anybody. */
  readonly first: Principal;
  readonly momentary: boolean;
}

/** Somebody who may act today, and the workloads that alone may use them. */
interface Live {
  readonly principal: Principal;
  readonly workloads: string;
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
    const last = await this.#live(claims);
    const { first, momentary } =
      actors.length > 0 ? await this.#followActors(actors, last) : { first: last.principal, momentary: false };
    requireAllWorkloads(first, limits?.workloads ?? []);
    requireAdmitted(last.workloads, first);
    return { principal: last.principal, first, momentary };
  }

  /** The live principal behind a service account key. Throws `not_live`; `wrong_place` where no key of the account is taken. */
  async keyHolder(keyId: string): Promise<ServiceAccountPrincipal> {
    const { principal, workloads } = live(await this.#metadata.hot.keyState(keyId, this.#now()));
    requireAdmitted(workloads, undefined);
    return principal;
  }

  /** A live user, by id. Throws `not_live`. */
  async user(id: string): Promise<UserPrincipal> {
    const state = await this.#metadata.hot.userState(id);
    if (state?.live !== 1) throw new IdentityError("not_live", "the user is disabled or deleted");
    return { kind: "user", id: state.id, email: state.email };
  }

  /** Each could become the next one when the token was made; now they must all still be able to. */
  async #followActors(actors: NonNullable<Lineage["actors"]>, last: Live) {
    let momentary = false;
    const chain: Live[] = [];
    for (const actor of actors) chain.push(await this.#live(actor));
    const first = (chain[0] ?? last).principal;
    for (const [index, { principal: actor, workloads }] of chain.entries()) {
      requireAdmitted(workloads, first);
      const next = (chain[index + 1] ?? last).principal;
      const how = actors[index + 1]?.delegate ? "delegate" : "token";
      const answer = next.kind === "serviceAccount" ? await this.#mayActAs(actor, next, how) : "no";
      momentary ||= answer === "for now";
      if (answer !== "no") continue;
      throw new IdentityError("not_live", "the token's owner may no longer act as this account");
    }
    return { first, momentary };
  }

  async #live({
    sub,
    key,
    login,
    workload,
  }: Pick<Lineage, "key" | "login" | "workload"> & { sub: string }): Promise<Live> {
    if (login !== undefined) await this.#requireLogin(login);
    if (workload) {
      const state = await this.#metadata.hot.providerState(workload.provider);
      if (state?.live === 1) return { principal: federatedPrincipal(sub, workload, state), workloads: "" };
      throw new IdentityError("not_live", "the workload identity pool or provider is disabled or deleted");
    }
    const id = sub.slice(sub.indexOf(":") + 1);
    if (sub.startsWith("user:")) return { principal: await this.user(id), workloads: "" };
    const { hot } = this.#metadata;
    return live(key === undefined ? await hot.accountState(id) : await hot.keyState(key, this.#now()));
  }

  async #requireLogin(login: string): Promise<void> {
    if (await this.#metadata.hot.loginLives(login, this.#now())) return;
    throw new IdentityError("not_live", "the login that this token was made for was ended");
  }
}

function live(state: AccountState | undefined): Live & { principal: ServiceAccountPrincipal } {
  if (state?.live !== 1) {
    throw new IdentityError("not_live", "the account or its key is disabled or deleted");
  }
  const { accountId: id, email, projectId, workloads } = state;
  return { principal: { kind: "serviceAccount", id, email, projectId }, workloads };
}
