import type { Lineage } from "./lineage.ts";
import { anonymous, type Principal } from "./principal.ts";
import type { Scopes } from "./scopes.ts";

/** What a registry token was minted for: actions on one resource (Docker token authentication, JWT `access`). */
export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** A principal together with the limits of the credential that proved it. */
export interface Caller {
  readonly principal: Principal;
  readonly scopes: Scopes;
  /** The service account key behind the credential, where there is one. */
  readonly keyId: string | undefined;
  /** The login behind the credential, where there is one: a program that may act for somebody until it is ended. */
  readonly loginId?: string | undefined;
  /** What kind of credential it was, for the audit log: `access token`, `key file`. */
  readonly credential?: string;
  /** Present on a registry token only: it reaches no further than this. */
  readonly access: readonly TokenAccess[] | undefined;
  /** Who was at the beginning, where somebody became the principal. */
  readonly first?: Principal | undefined;
  /** What a token that is made of this credential carries on. */
  readonly lineage?: Lineage;
  /** Present where the clock alone could end what the credential stands on, before it expires. */
  readonly momentary?: true | undefined;
  /** When the credential ends, or ended less than its grace ago; milliseconds. */
  readonly expiresAt: number;
}

/** Somebody without credentials. */
export function anonymousCaller(access?: readonly TokenAccess[]): Caller {
  return { principal: anonymous, scopes: new Set(), keyId: undefined, access, expiresAt: Number.POSITIVE_INFINITY };
}
