import type { Collected } from "./collect-token.ts";
import { isGoogleService } from "./google.ts";
import { platformScope } from "./scope.ts";
import type { Secret } from "./secret.ts";
import type { TokenPlan } from "./token-plan.ts";
import { type Answer, asAccessToken, refusal, requireSafe, send } from "./token-request.ts";
import type { FreshToken, SourceContext } from "./token-source.ts";

/** What the caller's own token must be for. `auth/iam` would do at Google; other servers know the wider one. */
export const sourceScopes = [platformScope] as const;

const lifetimeSeconds = 3600;
const googleService = "https://iamcredentials.googleapis.com";

/** The token of the last account of the chain, by way of the others (`generateAccessToken` of Google's IAM Credentials). */
export async function impersonate(plan: TokenPlan, { fresh }: Collected, context: SourceContext): Promise<FreshToken> {
  const [target = "", ...onTheWay] = [...plan.impersonate].reverse();
  const account = plan.account === undefined ? undefined : context.settings.accounts.get(plan.account);
  const own = account && !isGoogleService(account.tokenUri) ? account.server : undefined;
  const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(target)}:generateAccessToken`;
  const delegates = onTheWay.reverse().map((name) => `projects/-/serviceAccounts/${name}`);
  const options = { scopes: plan.scopes, delegates };
  return await generateAccessToken((own ?? googleService) + path, fresh.token, options, context);
}

/** One call of `generateAccessToken`, at an address that a credential file or the settings name. */
export async function generateAccessToken(
  url: string,
  token: Secret,
  { scopes, delegates }: { scopes: readonly string[]; delegates: readonly string[] },
  { fetch }: Pick<SourceContext, "fetch">,
): Promise<FreshToken> {
  const request = new Request(requireSafe(url), {
    method: "POST",
    headers: { authorization: `Bearer ${token.reveal()}`, "content-type": "application/json" },
    body: JSON.stringify({ delegates, scope: scopes, lifetime: `${lifetimeSeconds}s` }),
  });
  return readAnswer(url, await send(request, fetch));
}

function readAnswer(url: string, answer: Answer): FreshToken {
  if (answer.status !== 200)
    throw refusal(url, answer, "has the caller roles/iam.serviceAccountTokenCreator on the account it impersonates?");
  const { accessToken, expireTime } = answer.fields;
  const expiresAt = Date.parse(String(expireTime)) / 1000;
  return { token: asAccessToken(accessToken, url), expiresAt: expiresAt > 0 ? Math.floor(expiresAt) : undefined };
}

/** The account that an address of `generateAccessToken` names. */
export function serviceAccountIn(url: string): string {
  return decodeURIComponent(/serviceAccounts\/([^/:]+):/.exec(url)?.[1] ?? "a service account");
}
