import type { KeyObject } from "node:crypto";
import { errors, jwtVerify } from "jose";
import type { AccountSigner } from "../../identity/account-signer.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import type { Caller } from "../../identity/caller.ts";
import { parseAuthorization } from "../../identity/credentials.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { type Principal, principalName } from "../../identity/principal.ts";
import { formatScopes } from "../../identity/scopes.ts";
import type { ServiceAccounts } from "../../identity/service-accounts.ts";
import { keySetSeconds, type SigningKeys } from "../../identity/signing-keys.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { pathOf, queryOf } from "../url.ts";
import { answerOAuthError, notStored } from "./answer-oauth-error.ts";
import { readForm } from "./form.ts";
import { OAuthError } from "./oauth-error.ts";

export interface TokenInfoServices {
  readonly serviceAccounts: ServiceAccounts;
  readonly accountSigner: AccountSigner;
  readonly authenticator: Authenticator;
  readonly doorkeeper: Doorkeeper;
  readonly signingKeys: SigningKeys;
  readonly now: () => number;
  readonly log: ErrorLog;
}

const clockToleranceSeconds = 60;
const accountKeysPrefix = "/service_accounts/v1/jwk/";
/** An account's key signs as soon as it is made. */
const accountKeysSeconds = 60;
/** A token in a URL lies in every log on the way, and in the Referer of the next page. */
const tokenParameters = ["access_token", "id_token", "token"];

/** What tokens say, for whoever has one: `/tokeninfo`, `/userinfo`, `/v1/introspect` (RFC 7662); `/jwks` is for everybody. */
export class TokenInfoFace {
  readonly #services: TokenInfoServices;

  constructor(services: TokenInfoServices) {
    this.#services = services;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      const path = pathOf(request);
      const query = queryOf(request);
      if (tokenParameters.some((name) => query.has(name))) {
        throw new OAuthError(
          "invalid_request",
          "send the token in a header or in the body: a URL is written down everywhere",
        );
      }
      if (path.startsWith(accountKeysPrefix)) return await this.#accountKeySet(path.slice(accountKeysPrefix.length));
      switch (path) {
        case "/jwks":
          return keySet(this.#services.signingKeys.published("id"));
        case "/userinfo":
          return await this.#userInfo(request, context);
        case "/tokeninfo":
          return Response.json(await this.#tokenInfo(request, context), { headers: notStored });
        default:
          return Response.json(await this.#introspect(request, context), { headers: notStored });
      }
    } catch (error) {
      return answerOAuthError(error, this.#services.log);
    }
  }

  /** The keys of what was signed in an account's name, for whoever is shown it; nothing of accounts that sign nothing. */
  async #accountKeySet(email: string): Promise<Response> {
    const { serviceAccounts, accountSigner } = this.#services;
    const account = await serviceAccounts.find(email.replace(/%40/g, "@").toLowerCase());
    const keys = account && account.disabledAt === null ? await accountSigner.published(account.id) : [];
    if (keys.length === 0) return Response.json({ error: "there is nothing at this path" }, { status: 404 });
    return keySet(keys, accountKeysSeconds);
  }

  /** OpenID Connect Core 1.0, section 5.3. */
  async #userInfo(request: Request, context: RequestContext): Promise<Response> {
    try {
      const credentials = parseAuthorization(request.headers.get("authorization"));
      if (credentials.kind !== "bearer") throw new IdentityError("malformed", "send an access token as a Bearer token");
      const { principal } = await this.#services.doorkeeper.identify(credentials, context, { registryTokens: false });
      return Response.json(identityOf(principal), { headers: notStored });
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      const headers = { ...notStored, "www-authenticate": 'Bearer error="invalid_token"' };
      return Response.json({ error: "invalid_token", error_description: error.message }, { status: 401, headers });
    }
  }

  /** As Google's `/tokeninfo`, where numbers are texts. */
  async #tokenInfo(request: Request, context: RequestContext): Promise<object> {
    const { accessToken, idToken } = await readTokens(request);
    if (idToken !== undefined) return texts(await this.#idTokenClaims(idToken, context));
    const caller = await this.#callerOf(accessToken ?? "", context);
    const seconds = Math.floor(caller.expiresAt / 1000);
    return texts({
      ...identityOf(caller.principal),
      scope: formatScopes(caller.scopes),
      exp: seconds,
      expires_in: seconds - Math.floor(this.#services.now() / 1000),
      access_type: "online",
    });
  }

  async #introspect(request: Request, context: RequestContext): Promise<object> {
    if (request.method !== "POST") throw new OAuthError("invalid_request", "this endpoint takes POST");
    const form = await readForm(request);
    try {
      const caller = await this.#callerOf(form.get("token") ?? "", context);
      return {
        active: true,
        scope: formatScopes(caller.scopes),
        username: principalName(caller.principal),
        token_type: "Bearer",
        exp: Math.floor(caller.expiresAt / 1000),
        iss: context.origin,
        ...identityOf(caller.principal),
        ...confirmationOf(caller),
      };
    } catch (error) {
      if (error instanceof OAuthError && error.code === "invalid_token") return { active: false };
      throw error;
    }
  }

  async #callerOf(token: string, context: RequestContext): Promise<Caller> {
    try {
      const credentials = { kind: "bearer", token } as const;
      return await this.#services.doorkeeper.identify(credentials, context, { registryTokens: false });
    } catch (error) {
      throw error instanceof IdentityError ? new OAuthError("invalid_token", error.message) : error;
    }
  }

  async #idTokenClaims(jwt: string, context: RequestContext): Promise<object> {
    const { signingKeys, now, doorkeeper } = this.#services;
    try {
      return await doorkeeper.believing(context, async () => {
        const keyOf = ({ kid = "" }: { kid?: string }) => {
          const key = signingKeys.verifying("id", kid);
          if (key) return key.publicKey;
          throw new IdentityError("unknown_key", "the token is not one of this server's");
        };
        const options = { algorithms: ["RS256"], currentDate: new Date(now()), clockTolerance: clockToleranceSeconds };
        const verified = await jwtVerify(jwt, keyOf, options).catch((error) => {
          throw error instanceof errors.JOSEError
            ? new IdentityError("bad_signature", "the token is wrong, or over")
            : error;
        });
        return verified.payload;
      });
    } catch (error) {
      throw error instanceof IdentityError ? new OAuthError("invalid_token", error.message) : error;
    }
  }
}

/** RFC 7517. The next key is among them long before it signs, and the last one until nothing of it counts. */
function keySet(published: readonly { id: string; publicKey: KeyObject }[], seconds = keySetSeconds): Response {
  const keys = published.map(({ id, publicKey }) => ({
    ...publicKey.export({ format: "jwk" }),
    kid: id,
    alg: "RS256",
    use: "sig",
  }));
  return Response.json({ keys }, { headers: { "cache-control": `public, max-age=${seconds}` } });
}

function identityOf(principal: Principal): Record<string, string | boolean> {
  switch (principal.kind) {
    case "anonymous":
      return {};
    case "federated":
      return { sub: principalName(principal) };
    default:
      return { sub: principal.id, azp: principal.id, aud: principal.id, email: principal.email, email_verified: true };
  }
}

/** RFC 8705 section 3.2. */
function confirmationOf({ lineage }: Caller): object {
  const [thumbprint] = lineage?.limits?.certificates ?? [];
  return thumbprint === undefined ? {} : { cnf: { "x5t#S256": thumbprint } };
}

function texts(claims: object): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, String(value)]));
}

async function readTokens(request: Request): Promise<{ accessToken: string | undefined; idToken: string | undefined }> {
  const credentials = parseAuthorization(request.headers.get("authorization"));
  if (credentials.kind === "bearer") return { accessToken: credentials.token, idToken: undefined };
  if (request.method !== "POST") throw new OAuthError("invalid_request", "send a Bearer token, or a form by POST");
  const form = await readForm(request);
  return { accessToken: form.get("access_token") ?? undefined, idToken: form.get("id_token") ?? undefined };
}
