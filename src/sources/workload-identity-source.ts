import { Failure } from "./failure.ts";
import { isGoogleService } from "./google.ts";
import { generateAccessToken, sourceScopes } from "./impersonation.ts";
import { registryHostsOf, serverOf } from "./server.ts";
import { detectProvider, type SubjectProvider, subjectProviders, subjectToken } from "./subject-token.ts";
import { postForm, readTokenAnswer, requireSafe } from "./token-request.ts";
import type { FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** How a job proves to a token service which job it is. From the settings, or from variables of these names. */
export type WorkloadIdentity = {
  /** The provider at the token service: `//iam.googleapis.com/projects/…/providers/…` at Google's. */
  audience: string;
  tokenUrl: string;
  serviceAccount?: string | undefined;
  provider: SubjectProvider;
  subjectAudience: string;
  subjectTokenType: string;
  file?: string | undefined;
  variable?: string | undefined;
};

const googleTokenUrl = "https://sts.googleapis.com/v1/token";
const jwtType = "urn:ietf:params:oauth:token-type:jwt";

/** The identity of a CI job or a pod, exchanged for a token (RFC 8693), without a file of secrets. */
export const workloadIdentitySource: TokenSource = {
  name: "workload-identity",
  async find(request, context) {
    const identity = workloadIdentity(context);
    if (identity === undefined) return { absent: "no workload identity is configured" };
    if (!isMeantFor(identity.tokenUrl, request)) return { absent: `${identity.tokenUrl} is for other hosts` };
    const account = identity.serviceAccount ?? `${identity.provider} at ${identity.audience}`;
    return { account, token: () => exchange(identity, request, context) };
  },
};

/** What is configured, or undefined when there is nothing to go by. */
export function workloadIdentity({ settings, env }: SourceContext): WorkloadIdentity | undefined {
  const set = (settings.whole.workloadIdentity ?? {}) as Record<string, string | undefined>;
  const audience = env.WAYBILL_WORKLOAD_IDENTITY_AUDIENCE || set.audience;
  if (audience === undefined) return undefined;
  const provider = (set.provider ?? detectProvider(env)) as SubjectProvider | undefined;
  if (provider === undefined) return undefined;
  if (!subjectProviders.includes(provider))
    throw new Failure(
      `${JSON.stringify(provider)} is no place that job tokens come from`,
      `one of: ${subjectProviders.join(", ")}`,
    );
  return {
    audience,
    provider,
    tokenUrl: env.WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL || (set.tokenUrl ?? googleTokenUrl),
    serviceAccount: env.WAYBILL_WORKLOAD_IDENTITY_SERVICE_ACCOUNT || set.serviceAccount,
    // Google wants its own name for the provider, with a scheme.
    subjectAudience: set.subjectAudience ?? (audience.startsWith("//") ? `https:${audience}` : audience),
    subjectTokenType: set.subjectTokenType ?? jwtType,
    file: env.WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE || set.file,
    variable: set.variable,
  };
}

function isMeantFor(tokenUrl: string, { host, isGoogle }: TokenRequest): boolean {
  if (isGoogleService(tokenUrl)) return isGoogle;
  return registryHostsOf(serverOf(new URL(requireSafe(tokenUrl)))).includes(host);
}

async function exchange(
  identity: WorkloadIdentity,
  request: TokenRequest,
  context: SourceContext,
): Promise<FreshToken> {
  const { tokenUrl, audience, serviceAccount, subjectAudience, subjectTokenType } = identity;
  const subject = await subjectToken({ ...identity, audience: subjectAudience }, context);
  const scopes = serviceAccount === undefined ? request.scopes : sourceScopes;
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience,
    scope: scopes.join(" "),
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: subject.reveal(),
    subject_token_type: subjectTokenType,
  };
  const token = readTokenAnswer(tokenUrl, await postForm(tokenUrl, form, context.fetch), context.now());
  if (serviceAccount === undefined) return token;
  const base = isGoogleService(tokenUrl) ? "https://iamcredentials.googleapis.com" : new URL(tokenUrl).origin;
  const url = `${base}/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:generateAccessToken`;
  return await generateAccessToken(url, token.token, { scopes: request.scopes, delegates: [] }, context);
}
