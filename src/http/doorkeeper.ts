import type { Audit } from "../audit/audit.ts";
import { nobody } from "../audit/event.ts";
import { type Authenticator, type Expectation, isBoundToPlace } from "../identity/authenticator.ts";
import type { Caller } from "../identity/caller.ts";
import type { CredentialUses, HeldUse } from "../identity/credential-uses.ts";
import { type Credentials, parseAuthorization } from "../identity/credentials.ts";
import { IdentityError } from "../identity/identity-error.ts";
import type { Places } from "../identity/places.ts";
import { principalKey } from "../identity/principal.ts";
import { whenceOf, whoOf } from "./audit-facts.ts";
import type { RequestContext } from "./names.ts";
import type { RateLimits } from "./rate-limits.ts";

/** Somebody asks too often. */
export class TooManyRequestsError extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`too many requests: try again in ${retryAfterSeconds} s`);
    this.name = "TooManyRequestsError";
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A credential that somebody showed, as far as the audit log wants to know. */
export type Shown = Pick<Caller, "principal" | "keyId" | "credential" | "lineage">;

/** Somebody who was let in, as far as the next request with the same credential needs it. */
export interface Readmission {
  readonly caller: Caller;
  /** Absent for an anonymous caller. */
  readonly principal: string | undefined;
  readonly use: HeldUse | undefined;
}

/** Stands before every face: asks who it is, and keeps count. */
export class Doorkeeper {
  readonly #authenticator: Authenticator;
  readonly #limits: RateLimits;
  readonly #uses: CredentialUses;
  readonly #places: Places;
  readonly #audit: Audit;

  constructor(authenticator: Authenticator, limits: RateLimits, uses: CredentialUses, places: Places, audit: Audit) {
    this.#authenticator = authenticator;
    this.#limits = limits;
    this.#uses = uses;
    this.#places = places;
    this.#audit = audit;
  }

  /** Throws IdentityError and TooManyRequestsError. */
  async identify(credentials: Credentials, context: RequestContext, expectation: Expectation): Promise<Caller> {
    if (credentials.kind === "none") this.countAnonymous(context);
    const caller = await this.admitting(context, () =>
      this.#authenticator.authenticate(credentials, context, expectation),
    );
    this.#uses.note(caller, credentials);
    await this.notePlace(caller, context);
    return caller;
  }

  /**
   * What lets a caller in again by the same Authorization header while nothing has changed; undefined where something of the
   * request itself is to be asked each time.
   */
  readmission(caller: Caller, authorization: string): Readmission | undefined {
    const credentials = parseAuthorization(authorization);
    if (credentials.kind !== "bearer" || isBoundToPlace(caller)) return undefined;
    const { principal } = caller;
    return {
      caller,
      principal: principal.kind === "anonymous" ? undefined : principalKey(principal),
      use: this.#uses.hold(caller, credentials),
    };
  }

  /** Counts another request. False where there are too many, or it comes from elsewhere: `identify` sees to that. */
  readmit({ caller, principal, use }: Readmission, context: RequestContext): boolean {
    if (!this.#places.knows(caller, context.address)) return false;
    if (principal !== undefined && this.#limits.countPrincipal(principal) > 0) return false;
    if (use) this.#uses.again(use);
    return true;
  }

  /** Logs the first use of a credential from a network: every request asks, for the same token may come from elsewhere. */
  async notePlace(caller: Shown, context: RequestContext): Promise<void> {
    if (this.#places.knows(caller, context.address)) return;
    const network = await this.#places.firstUse(caller, context.address);
    if (network === undefined) return;
    const who = whoOf(caller);
    const from = whenceOf(context);
    this.#audit.note({ kind: "session", action: "first use from a new place", detail: { network }, who, from });
  }

  /** Runs a check that tells who somebody is, and keeps count of them. */
  async admitting(context: RequestContext, check: () => Promise<Caller>): Promise<Caller> {
    const caller = await this.believing(context, check);
    if (caller.principal.kind !== "anonymous") refuse(this.#limits.countPrincipal(principalKey(caller.principal)));
    return caller;
  }

  /** Runs a check of credentials; one that fails is logged, and counted against the address it came from. */
  async believing<T>(context: RequestContext, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (error instanceof IdentityError) {
        const from = whenceOf(context);
        this.#audit.note({ kind: "credential.refused", reason: error.code, who: nobody, from });
        this.countAnonymous(context);
      }
      throw error;
    }
  }

  countAnonymous(context: RequestContext): void {
    refuse(this.#limits.countAnonymous(context.address));
  }
}

function refuse(waitSeconds: number): void {
  if (waitSeconds > 0) throw new TooManyRequestsError(waitSeconds);
}
