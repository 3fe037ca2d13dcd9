import type { Context } from "../context.ts";
import { Failure, messageOf } from "../failure.ts";
import { withFileLock } from "../file-lock.ts";
import { Secret } from "../secret.ts";
import { type Account, keyPath, type Login } from "../settings.ts";
import { type Answer, postForm, readTokenAnswer, TokenRefused } from "../token-request.ts";
import type { FreshToken } from "../token-source.ts";
import { readRefreshToken, writeRefreshToken } from "./refresh-token.ts";

type RefreshContext = Pick<Context, "env" | "now" | "fetch" | "stderr">;

/**
 * A token for an account that signed in: its refresh token is presented at the server's token endpoint (RFC 6749
 * section 6). A new refresh token in the answer takes the old one's place; one process at a time does that, since a
 * server may take the second use of an old one for theft.
 */
export async function loginToken(
  email: string,
  account: Account,
  { scopes }: { scopes: readonly string[] },
  context: RefreshContext,
): Promise<FreshToken> {
  const { login } = account;
  if (login === undefined) throw new Failure(`${email} has not signed in`, "waybill auth login");
  const renew = () => refresh(email, account.tokenUri, login, scopes, context);
  return await lockedIfPossible(keyPath(context.env, email), renew);
}

async function refresh(
  email: string,
  tokenUri: string,
  login: Login,
  scopes: readonly string[],
  context: RefreshContext,
): Promise<FreshToken> {
  const old = await readRefreshToken(context.env, email, login);
  const form = {
    grant_type: "refresh_token",
    refresh_token: old.reveal(),
    client_id: login.clientId,
    ...(login.clientSecret === undefined ? {} : { client_secret: login.clientSecret }),
    scope: scopes.join(" "),
  };
  const answer = await postForm(tokenUri, form, context.fetch);
  await keepRotated(answer, old, email, login, context);
  try {
    return readTokenAnswer(tokenUri, answer, context.now());
  } catch (error) {
    throw error instanceof TokenRefused ? explained(error, email) : error;
  }
}

async function keepRotated(answer: Answer, old: Secret, email: string, login: Login, context: RefreshContext) {
  const { refresh_token: token } = answer.fields;
  if (answer.status !== 200 || typeof token !== "string" || token === "" || token === old.reveal()) return;
  try {
    await writeRefreshToken(context.env, email, new Secret(token), login.keptIn === "keychain");
  } catch (error) {
    // The access token is good all the same; the next renewal may find the sign-in used up.
    context.stderr(`waybill: warning: the new sign-in of ${email} could not be kept: ${messageOf(error)}\n`);
  }
}

function explained({ message, code }: TokenRefused, email: string): Failure {
  if (code === "invalid_grant")
    return new Failure(`the sign-in of ${email} is no longer valid: ${message}`, "waybill auth login");
  if (code === "invalid_scope")
    return new Failure(`the sign-in of ${email} does not allow this: ${message}`, "waybill auth login --push");
  return new Failure(`${message}`, "waybill auth login");
}

/** Where nothing can be written there is nothing to protect either. */
async function lockedIfPossible<T>(path: string, work: () => Promise<T>): Promise<T> {
  let hasStarted = false;
  const started = () => {
    hasStarted = true;
    return work();
  };
  try {
    return await withFileLock(path, started);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (hasStarted || !["EACCES", "EROFS", "ENOENT", "EPERM"].includes(code ?? "")) throw error;
    return await work();
  }
}
