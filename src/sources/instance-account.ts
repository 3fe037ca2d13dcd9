// The account that a machine's workloads act as: the operator's own, or one that the operator may impersonate. What it
// takes to make its tokens (a key, a sign-in) stays in this process.
import type { Context } from "./context.ts";
import { Failure } from "./failure.ts";
import { isGoogleService } from "./google.ts";
import type { Identity } from "./identity.ts";
import { generateAccessToken, sourceScopes } from "./impersonation.ts";
import { Secret } from "./secret.ts";
import { signToken } from "./signed-token.ts";
import { type Answer, postForm, readTokenAnswer, refusal, requireSafe, send } from "./token-request.ts";
import type { FreshToken } from "./token-source.ts";

/** Tokens of one account, made when asked for. */
export type InstanceAccount = {
  readonly email: string;
  /** An access token for these scopes and no others. */
  accessToken(scopes: readonly string[]): Promise<FreshToken>;
  /** An OpenID Connect id token that proves to `audience` who the account is. */
  idToken(audience: string): Promise<Secret>;
};

type TokenContext = Pick<Context, "env" | "now" | "fetch" | "stderr">;

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const googleService = "https://iamcredentials.googleapis.com";

/** @param email the account to be; another than the operator's own is impersonated */
export function instanceAccount(operator: Identity, email: string | undefined, context: TokenContext): InstanceAccount {
  return email === undefined || email === operator.email
    ? ownAccount(operator, context)
    : impersonatedAccount(operator, email, context);
}

/** An access token of the operator's own account, with its expiry. */
export async function operatorToken(
  operator: Identity,
  scopes: readonly string[],
  context: TokenContext,
): Promise<FreshToken> {
  if (operator.key) {
    const assertion = await signToken(operator.key, { scopes }, context.now());
    const form = { grant_type: jwtBearer, assertion: assertion.reveal() };
    const answer = await postForm(operator.tokenUri, form, context.fetch);
    return readTokenAnswer(operator.tokenUri, answer, context.now());
  }
  const { loginToken } = await import("./login/login-token.ts");
  return await loginToken(operator.email, operator.account, { scopes }, context);
}

function ownAccount(operator: Identity, context: TokenContext): InstanceAccount {
  return {
    email: operator.email,
    accessToken: (scopes) => operatorToken(operator, scopes, context),
    async idToken(audience) {
      const { key, tokenUri } = operator;
      if (!key)
        throw new Failure(
          `${operator.email} is a person's account: it has no id tokens for others`,
          serviceAccountHint,
        );
      const assertion = await signToken(key, { scopes: [], targetAudience: audience }, context.now());
      const form = { grant_type: jwtBearer, assertion: assertion.reveal() };
      return readIdToken(tokenUri, await postForm(tokenUri, form, context.fetch), "id_token");
    },
  };
}

function impersonatedAccount(operator: Identity, email: string, context: TokenContext): InstanceAccount {
  const service = isGoogleService(operator.tokenUri) ? googleService : operator.server;
  const account = `${service}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}`;
  const proof = async () => (await operatorToken(operator, sourceScopes, context)).token;
  return {
    email,
    accessToken: async (scopes) =>
      await generateAccessToken(`${account}:generateAccessToken`, await proof(), { scopes, delegates: [] }, context),
    async idToken(audience) {
      const url = `${account}:generateIdToken`;
      const request = new Request(requireSafe(url), {
        method: "POST",
        headers: { authorization: `Bearer ${(await proof()).reveal()}`, "content-type": "application/json" },
        body: JSON.stringify({ audience, includeEmail: true }),
      });
      return readIdToken(url, await send(request, context.fetch), "token");
    },
  };
}

const serviceAccountHint = "name a service account that you may impersonate: --service-account=EMAIL";

function readIdToken(url: string, answer: Answer, field: "id_token" | "token"): Secret {
  const token = answer.fields[field];
  if (answer.status === 200 && typeof token === "string" && /^[\w.-]+$/.test(token)) return new Secret(token);
  throw refusal(url, answer, "has the operator roles/iam.serviceAccountTokenCreator on the account?");
}
