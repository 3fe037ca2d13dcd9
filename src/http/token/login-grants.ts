import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import { signIdToken } from "../../identity/id-token.ts";
import type { Authorizations } from "../../identity/people/authorizations.ts";
import type { Devices } from "../../identity/people/devices.ts";
import type { Granted, Logins } from "../../identity/people/logins.ts";
import { findOAuthClient } from "../../identity/people/oauth-clients.ts";
import { principalKey, principalName } from "../../identity/principal.ts";
import { formatScopes, parseScopes, type Scopes, scopesWithin } from "../../identity/scopes.ts";
import type { ServiceTokens } from "../../identity/service-tokens.ts";
import type { SigningKeys } from "../../identity/signing-keys.ts";
import { whenceOf } from "../audit-facts.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { OAuthError } from "./oauth-error.ts";

export interface LoginGrantServices {
  readonly authenticator: Authenticator;
  readonly authorizations: Authorizations;
  readonly devices: Devices;
  readonly logins: Logins;
  readonly doorkeeper: Doorkeeper;
  readonly signingKeys: SigningKeys;
  readonly tokens: ServiceTokens;
  readonly audit: Audit;
  readonly now: () => number;
}

const lifetimeSeconds = 3600;
const deviceCode = "urn:ietf:params:oauth:grant-type:device_code";
/** What each way of not getting a token is called (RFC 8628 section 3.5). */
const deviceErrors = {
  pending: ["authorization_pending", "nobody has typed the code yet"],
  slow_down: ["slow_down", "ask less often"],
  denied: ["access_denied", "somebody said no"],
  over: ["expired_token", "the code is wrong, was used, or is too old"],
} as const;

/** The grants of programs that people let act for them: authorization code, device code, refresh token. */
export class LoginGrants {
  static readonly types: readonly string[] = ["authorization_code", "refresh_token", deviceCode];
  readonly #services: LoginGrantServices;

  constructor(services: LoginGrantServices) {
    this.#services = services;
  }

  /** Throws OAuthError and IdentityError. */
  async answer(grant: string, form: URLSearchParams, context: RequestContext): Promise<object> {
    const clientId = requireClient(form);
    const { doorkeeper, authorizations, logins } = this.#services;
    switch (grant) {
      case "authorization_code": {
        const [code, redirectUri] = [form.get("code") ?? "", form.get("redirect_uri") ?? ""];
        const exchange = { code, clientId, redirectUri, verifier: form.get("code_verifier") ?? "" };
        const granted = await doorkeeper.believing(context, () => authorizations.exchange(exchange));
        return await this.#tokens(granted, scopesOf(granted), "authorization code", context);
      }
      case "refresh_token": {
        const token = form.get("refresh_token") ?? "";
        const granted = await doorkeeper.believing(context, () => logins.refresh(token, clientId));
        return await this.#tokens(granted, narrowed(granted, form.get("scope")), "refresh token", context);
      }
      default:
        return await this.#byDevice(form.get("device_code") ?? "", clientId, context);
    }
  }

  async #byDevice(code: string, clientId: string, context: RequestContext): Promise<object> {
    const outcome = await this.#services.devices.poll(code, clientId);
    if (outcome.kind === "granted") {
      return await this.#tokens(outcome.granted, scopesOf(outcome.granted), "device code", context);
    }
    if (outcome.kind === "over") this.#services.doorkeeper.countAnonymous(context);
    const [error, message] = deviceErrors[outcome.kind];
    throw new OAuthError(error, message);
  }

  async #tokens({ login, refreshToken }: Granted, scopes: Scopes, grant: string, context: RequestContext) {
    const { authenticator, doorkeeper, tokens, signingKeys, audit, now } = this.#services;
    const user = await authenticator.user(login.principal.slice("user:".length));
    const shown = { principal: user, keyId: undefined, credential: grant, lineage: { login: login.id } };
    await doorkeeper.notePlace(shown, context);
    const issuedAt = Math.floor(now() / 1000);
    const scope = formatScopes(scopes);
    const times = { iat: issuedAt, exp: issuedAt + lifetimeSeconds };
    const accessToken = tokens.sign("access", { sub: principalKey(user), ...times, scope, login: login.id });
    await audit.issued({
      kind: "token.issued",
      token: "access",
      grant,
      scope: redact(scope),
      expiresInSeconds: lifetimeSeconds,
      who: { principal: principalName(user), id: principalKey(user), credential: grant },
      from: whenceOf(context),
    });
    return {
      access_token: accessToken,
      expires_in: lifetimeSeconds,
      token_type: "Bearer",
      scope,
      refresh_token: refreshToken,
      ...(scopes.has("openid") && {
        id_token: await signIdToken(signingKeys, user, login.clientId, context.origin, now()),
      }),
    };
  }
}

/** The programs here keep no secret: what they show is worth nothing without the code's or the token's own. */
export function requireClient(form: URLSearchParams): string {
  const client = findOAuthClient(form.get("client_id") ?? "");
  if (!client) throw new OAuthError("invalid_client", "there is no client of that id");
  return client.id;
}

function scopesOf({ login }: Granted): Scopes {
  return parseScopes(login.scopes) ?? new Set();
}

/** As much as the login has, or what the client asks for where that is less. */
function narrowed(granted: Granted, text: string | null): Scopes {
  const has = scopesOf(granted);
  if (text === null || text.trim() === "") return has;
  const asked = parseScopes(text);
  if (asked && scopesWithin(asked, has)) return asked;
  throw new OAuthError("invalid_scope", "the sign-in was granted less than that");
}
