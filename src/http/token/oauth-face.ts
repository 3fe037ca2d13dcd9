import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Assertion, Assertions } from "../../identity/assertion.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import { signIdToken } from "../../identity/id-token.ts";
import { type Principal, principalKey, principalName } from "../../identity/principal.ts";
import { formatScopes } from "../../identity/scopes.ts";
import type { ServiceTokens } from "../../identity/service-tokens.ts";
import type { SigningKeys } from "../../identity/signing-keys.ts";
import { parseBounds, type TokenLimits } from "../../identity/token-limits.ts";
import { requireAllWorkloads } from "../../identity/workload-binding.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { spendAssertion } from "../../storage/metadata/spent-assertions.ts";
import { whenceOf } from "../audit-facts.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { answerOAuthError, notStored } from "./answer-oauth-error.ts";
import { readForm } from "./form.ts";
import { type LoginGrantServices, LoginGrants } from "./login-grants.ts";
import { OAuthError } from "./oauth-error.ts";

export interface OAuthServices extends LoginGrantServices {
  readonly metadata: Metadata;
  readonly authenticator: Authenticator;
  readonly doorkeeper: Doorkeeper;
  readonly assertions: Assertions;
  readonly signingKeys: SigningKeys;
  readonly audit: Audit;
  readonly tokens: ServiceTokens;
  readonly now: () => number;
  readonly log: ErrorLog;
}

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const lifetimeSecondsDefault = 3600;
const lifetimeSecondsMin = 60;
const lifetimeSecondsMax = 12 * 3600;

/** `/token`: OAuth 2.0 grants. A service account's signed assertion (RFC 7523) buys an access token or an id_token. */
export class OAuthFace {
  readonly #services: OAuthServices;
  readonly #loginGrants: LoginGrants;

  constructor(services: OAuthServices) {
    this.#services = services;
    this.#loginGrants = new LoginGrants(services);
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      if (request.method !== "POST") throw new OAuthError("invalid_request", "the token endpoint takes POST");
      const form = await readForm(request);
      const grant = form.get("grant_type") ?? "";
      if (LoginGrants.types.includes(grant)) {
        return Response.json(await this.#loginGrants.answer(grant, form, context), { headers: notStored });
      }
      if (grant !== jwtBearer) {
        const known = [jwtBearer, ...LoginGrants.types].join(", ");
        throw new OAuthError("unsupported_grant_type", `the grant types known here: ${known}`);
      }
      return Response.json(await this.#byAssertion(form, context), { headers: notStored });
    } catch (error) {
      return answerOAuthError(error, this.#services.log);
    }
  }

  async #byAssertion(form: URLSearchParams, context: RequestContext): Promise<object> {
    const { authenticator, doorkeeper, assertions, audit } = this.#services;
    const { assertion, principal } = await doorkeeper.believing(context, async () => {
      const verified = await assertions.verify(form.get("assertion") ?? "");
      return { assertion: verified, principal: await authenticator.keyHolder(verified.keyId) };
    });
    const { keyId } = assertion;
    await doorkeeper.notePlace({ principal, keyId, credential: "assertion", lineage: { key: keyId } }, context);
    const from = whenceOf(context);
    const id = principalKey(principal);
    const who = { principal: principalName(principal), id, credential: "assertion", key: keyId };
    try {
      const { answer, issued } = await this.#issue(assertion, principal, form, context);
      await audit.issued({ kind: "token.issued", grant: "assertion", ...issued, who, from });
      return answer;
    } catch (error) {
      if (error instanceof OAuthError) {
        audit.note({ kind: "token.refused", grant: "assertion", reason: error.message, who, from });
      }
      throw error;
    }
  }

  async #issue(
    assertion: Assertion,
    principal: Principal & { kind: "serviceAccount" },
    form: URLSearchParams,
    context: RequestContext,
  ) {
    const { signingKeys, now } = this.#services;
    await this.#spend(assertion);
    if (assertion.targetAudience !== undefined) {
      const audience = assertion.targetAudience;
      const idToken = await signIdToken(signingKeys, principal, audience, context.origin, now());
      return { answer: { id_token: idToken }, issued: { token: "id", audience: redact(audience) } };
    }
    if (assertion.scopes.size === 0) throw new OAuthError("invalid_scope", "the assertion names no scope");
    const lifetimeSeconds = parseLifetime(form.get("lifetime"));
    const limits = boundsIn(form, context);
    // It would be refused at its first use: what began with a key did not begin with a workload.
    requireAllWorkloads(principal, limits?.workloads ?? []);
    const issuedAt = Math.floor(now() / 1000);
    const scope = formatScopes(assertion.scopes);
    const accessToken = this.#services.tokens.sign("access", {
      sub: principalKey(principal),
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      scope,
      key: assertion.keyId,
      ...(limits && { limits }),
    });
    return {
      answer: { access_token: accessToken, expires_in: lifetimeSeconds, token_type: "Bearer", scope },
      issued: { token: "access", scope: redact(scope), expiresInSeconds: lifetimeSeconds },
    };
  }

  /** Single use where the signer asked for it with a `jti`; gcloud sends none, and the same bytes twice a second. */
  async #spend({ keyId, jti, expiresAt }: Assertion): Promise<void> {
    if (jti === undefined) return;
    const { metadata, now } = this.#services;
    // Past its end an assertion is still taken for the clock skew, so it is remembered for longer than that.
    const forgetAt = (expiresAt + 2 * lifetimeSecondsMin) * 1000;
    const fresh = await metadata.write((write) => spendAssertion(write, keyId, jti, forgetAt, now()));
    if (!fresh) throw new OAuthError("invalid_grant", "this assertion was used before: sign a new one");
  }
}

/** Our own extension: what the token is to be bound to. Lists are divided by spaces or commas. */
export function boundsIn(
  form: { get(name: string): string | null | undefined },
  context: RequestContext,
): TokenLimits | undefined {
  const list = (name: string) =>
    form
      .get(name)
      ?.split(/[ ,]+/)
      .filter((each) => each !== "");
  const workload = form.get("bound_workload") ?? undefined;
  const certificate = form.get("bound_certificate") === "true" ? context.certificate : undefined;
  const [networks, repositories] = [list("bound_networks"), list("bound_repositories")];
  return parseBounds({ networks, repositories, workload, certificate });
}

/** Our own extension: a shorter or longer life than Google's hour. */
function parseLifetime(text: string | null): number {
  if (text === null) return lifetimeSecondsDefault;
  const seconds = Number(text.replace(/s$/, ""));
  if (Number.isInteger(seconds) && seconds >= lifetimeSecondsMin && seconds <= lifetimeSecondsMax) return seconds;
  throw new OAuthError("invalid_request", `lifetime must be ${lifetimeSecondsMin} to ${lifetimeSecondsMax} seconds`);
}
