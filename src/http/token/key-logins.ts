import type { Audit } from "../../audit/audit.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import type { Caller } from "../../identity/caller.ts";
import type { Logins } from "../../identity/people/logins.ts";
import { principalKey } from "../../identity/principal.ts";
import { formatScopes, parseScopes, scope } from "../../identity/scopes.ts";
import { whenceOf, whoOf } from "../audit-facts.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";

/** A key as password may also change policies of repositories; what Docker keeps is for images alone. */
const loginScopes = formatScopes(new Set([scope.storageReadWrite]));
/** A client names itself as it likes. */
const clientWellFormed = /^[\w./-]{1,60}$/;

/**
 * What Docker keeps in the place of a key: `docker login -u _json_key` is answered with a refresh token, which Docker writes
 * down and the key not. It is good for images only, can be ended by itself, and ends with the key.
 */
export class KeyLogins {
  readonly #logins: Logins;
  readonly #authenticator: Authenticator;
  readonly #doorkeeper: Doorkeeper;
  readonly #audit: Audit;

  constructor(parts: {
    readonly logins: Logins;
    readonly authenticator: Authenticator;
    readonly doorkeeper: Doorkeeper;
    readonly audit: Audit;
  }) {
    this.#logins = parts.logins;
    this.#authenticator = parts.authenticator;
    this.#doorkeeper = parts.doorkeeper;
    this.#audit = parts.audit;
  }

  /** The refresh token for somebody who showed a key; undefined for anybody else: an access token would outlive itself. */
  async begin(caller: Caller, clientId: string, context: RequestContext): Promise<string | undefined> {
    if (caller.credential !== "key file" || caller.keyId === undefined) return undefined;
    const { refreshToken } = await this.#logins.begin({
      kind: "registry",
      principal: principalKey(caller.principal),
      keyId: caller.keyId,
      clientId: clientWellFormed.test(clientId) ? clientId : "unknown",
      scopes: loginScopes,
      address: context.address,
    });
    const [who, from] = [whoOf(caller), whenceOf(context)];
    await this.#audit.issued({ kind: "token.issued", token: "refresh", grant: "basic", scope: loginScopes, who, from });
    return refreshToken;
  }

  /** Who a refresh token stands for. Throws IdentityError. */
  async caller(refreshToken: string, context: RequestContext): Promise<Caller> {
    const caller = await this.#doorkeeper.admitting(context, async () => {
      const login = await this.#logins.ofRegistryToken(refreshToken);
      return {
        principal: await this.#authenticator.keyHolder(login.keyId),
        scopes: parseScopes(login.scopes) ?? new Set(),
        keyId: login.keyId,
        loginId: login.id,
        credential: "refresh token",
        access: undefined,
        lineage: { key: login.keyId, login: login.id },
        expiresAt: login.expiresAt,
      };
    });
    await this.#doorkeeper.notePlace(caller, context);
    return caller;
  }
}
