import { z } from "zod";
import { parseBoundary } from "../../access/boundaries.ts";
import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/user-agent.ts";
import type { WorkloadIdentity } from "../../identity/federation/workload-identity.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { principalKey } from "../../identity/principal.ts";
import { formatScopes, parseScopes, type Scopes, scopesWithin } from "../../identity/scopes.ts";
import type { ServiceTokens } from "../../identity/service-tokens.ts";
import { joinLimits, type TokenLimits } from "../../identity/token-limits.ts";
import { requireAllWorkloads } from "../../identity/workload-binding.ts";
import { whenceOf, whoOf } from "../audit-facts.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { answerOAuthError, notStored } from "./answer-oauth-error.ts";
import { readFormOrJson } from "./form.ts";
import { OAuthError } from "./oauth-error.ts";
import { boundsIn } from "./oauth-face.ts";

export interface SecurityTokenServices {
  readonly audit: Audit;
  readonly doorkeeper: Doorkeeper;
  readonly workloadIdentity: WorkloadIdentity;
  readonly tokens: ServiceTokens;
  readonly now: () => number;
  readonly log: ErrorLog;
}

const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
const tokenType = (name: string) => `urn:ietf:params:oauth:token-type:${name}`;
const lifetimeSeconds = 3600;

/** RFC 8693 section 2.1, as forms spell it and as Google's JSON does. */
const parametersSchema = z.object({
  grant_type: z.literal(grant, { error: `must be ${grant}` }),
  audience: z.string().max(1024).optional(),
  scope: z.string().max(4096).optional(),
  requested_token_type: z.literal(tokenType("access_token"), { error: "only access tokens are given" }).optional(),
  subject_token: z.string().min(1, "is missing"),
  subject_token_type: z.enum([tokenType("jwt"), tokenType("id_token"), tokenType("access_token")]),
  options: z
    .string()
    .max(64 * 1024)
    .optional(),
  bound_networks: z.string().max(2048).optional(),
  bound_repositories: z.string().max(8192).optional(),
  bound_workload: z.string().max(512).optional(),
  bound_certificate: z.enum(["true", "false"]).optional(),
});
type Parameters = z.infer<typeof parametersSchema>;

/** `/v1/token`: the security token service (RFC 8693). An outside token of a workload buys an access token of ours. */
export class SecurityTokenFace {
  readonly #services: SecurityTokenServices;

  constructor(services: SecurityTokenServices) {
    this.#services = services;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      if (request.method !== "POST") throw new OAuthError("invalid_request", "this endpoint takes POST");
      const parameters = readParameters(await readFormOrJson(request));
      return Response.json(await this.#exchange(parameters, context), { headers: notStored });
    } catch (error) {
      return answerOAuthError(
        error instanceof IdentityError && error.code === "unknown_provider"
          ? new OAuthError("invalid_target", error.message)
          : error,
        this.#services.log,
      );
    }
  }

  async #exchange(parameters: Parameters, context: RequestContext): Promise<object> {
    const boundary = await parseBoundary(parameters.options);
    const limits = joinLimits(boundary, boundsIn(new Map(Object.entries(parameters)), context));
    return parameters.subject_token_type === tokenType("access_token")
      ? await this.#narrow(parameters, limits, context)
      : await this.#admit(parameters, limits, context);
  }

  /** A token of ours for a narrower one, with the same end. Nothing of it grows. */
  async #narrow({ scope, subject_token: token }: Parameters, wanted: TokenLimits | undefined, context: RequestContext) {
    const { doorkeeper, tokens, audit, now } = this.#services;
    const credentials = { kind: "bearer", token } as const;
    const caller = await doorkeeper.identify(credentials, context, { registryTokens: false });
    if (!wanted && scope === undefined) {
      throw new OAuthError(
        "invalid_request",
        "name what is to be left of the token: options with an accessBoundary, or scope",
      );
    }
    const scopes = scope === undefined ? caller.scopes : scopesOf({ scope });
    if (!scopesWithin(scopes, caller.scopes))
      throw new OAuthError("invalid_scope", "the token's own scopes do not reach so far");
    const limits = joinLimits(caller.lineage?.limits, wanted);
    requireAllWorkloads(caller.first ?? caller.principal, limits?.workloads ?? []);
    const issuedAt = Math.floor(now() / 1000);
    const expiresAt = Math.floor(caller.expiresAt / 1000);
    const narrowed = tokens.sign("access", {
      sub: principalKey(caller.principal),
      iat: issuedAt,
      exp: expiresAt,
      scope: formatScopes(scopes),
      ...caller.lineage,
      ...(limits && { limits }),
    });
    await audit.issued({
      kind: "token.issued",
      token: "access",
      grant: "downscoping",
      scope: redact(formatScopes(scopes)),
      expiresInSeconds: expiresAt - issuedAt,
      who: whoOf(caller),
      from: whenceOf(context),
    });
    return answerOf(narrowed, expiresAt - issuedAt);
  }

  /** An outside token for one of ours. */
  async #admit(parameters: Parameters, limits: TokenLimits | undefined, context: RequestContext): Promise<object> {
    const scopes = scopesOf(parameters);
    const { audience = "", subject_token: subjectToken } = parameters;
    const { doorkeeper, workloadIdentity, tokens, audit, now } = this.#services;
    const { key, principal, workload, projectId } = await doorkeeper.believing(context, () =>
      workloadIdentity.identify(audience, subjectToken),
    );
    const shown = { principal, keyId: undefined, credential: "subject token", lineage: { workload } };
    await doorkeeper.notePlace(shown, context);
    requireAllWorkloads(principal, limits?.workloads ?? []);
    const issuedAt = Math.floor(now() / 1000);
    const accessToken = tokens.sign("access", {
      sub: key,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      scope: formatScopes(scopes),
      workload,
      ...(limits && { limits }),
    });
    await audit.issued({
      kind: "token.issued",
      token: "federated",
      grant: "token exchange",
      scope: redact(formatScopes(scopes)),
      audience: redact(audience),
      expiresInSeconds: lifetimeSeconds,
      who: { principal: key, id: key, credential: "subject token" },
      from: whenceOf(context),
      projectId,
    });
    return answerOf(accessToken, lifetimeSeconds);
  }
}

function answerOf(accessToken: string, expiresIn: number): object {
  return {
    access_token: accessToken,
    issued_token_type: tokenType("access_token"),
    token_type: "Bearer",
    expires_in: expiresIn,
  };
}

function scopesOf({ scope }: Pick<Parameters, "scope">): Scopes {
  const scopes = parseScopes(scope ?? "");
  if (!scopes || scopes.size === 0) throw new OAuthError("invalid_scope", "scope names nothing, or is malformed");
  return scopes;
}

function readParameters(given: ReadonlyMap<string, string>): Parameters {
  const spelled = [...given].map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (each) => `_${each.toLowerCase()}`),
    value,
  ]);
  const parsed = parametersSchema.safeParse(Object.fromEntries(spelled));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? "");
  if (name === "grant_type") throw new OAuthError("unsupported_grant_type", `grant_type ${issue?.message}`);
  throw new OAuthError("invalid_request", `${name}: ${issue?.message}`);
}
