import { Failure, oneLine } from "../failure.ts";
import { type Answer, postForm, refusal, ServerUnreachable } from "../token-request.ts";
import { orExpired } from "./browser-sign-in.ts";
import { clientFields, readTokens, type SignIn, type Tokens } from "./sign-in.ts";

const intervalSecondsDefault = 5;
const intervalSecondsMax = 60;

type Device = { code: string; intervalSeconds: number; expiresInSeconds: number };

/** Signs in with a browser of any other machine, where a code is typed in (RFC 8628). */
export async function deviceSignIn(signIn: SignIn, deviceUri: string): Promise<Tokens> {
  const { client, scopes, context } = signIn;
  const form = { ...clientFields(client), scope: scopes.join(" ") };
  const answer = await postForm(deviceUri, form, context.fetch);
  if (answer.status !== 200) throw refusal(deviceUri, answer);
  const device = announce(answer, deviceUri, signIn);
  const expires = AbortSignal.any([signIn.expires, AbortSignal.timeout(device.expiresInSeconds * 1000)]);
  return await orExpired(poll(signIn, device, expires), expires);
}

/** Says where to go and what to type. */
function announce({ fields }: Answer, deviceUri: string, { context }: SignIn): Device {
  const { device_code: code, user_code: userCode, interval, expires_in: expiresIn } = fields;
  const address = fields.verification_uri ?? fields.verification_url; // Google's spelling.
  if (typeof code !== "string" || typeof userCode !== "string" || typeof address !== "string")
    throw new Failure(`${deviceUri} gave no code`, "try: waybill auth login");
  context.stderr(`Open this address on any machine:\n\n  ${oneLine(address)}\n\n`);
  context.stderr(`and type this code there:\n\n  ${oneLine(userCode)}\n\n`);
  return {
    code,
    intervalSeconds: typeof interval === "number" && interval > 0 ? interval : intervalSecondsDefault,
    expiresInSeconds: Number(expiresIn) > 0 ? Number(expiresIn) : 1800,
  };
}

/** Asks until somebody has typed the code. RFC 8628 section 3.5: slower when told so, or when the server is away. */
async function poll({ server, client, context }: SignIn, device: Device, expires: AbortSignal): Promise<Tokens> {
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: device.code,
    ...clientFields(client),
  };
  let seconds = device.intervalSeconds;
  while (!expires.aborted) {
    await Bun.sleep(seconds * 1000);
    const answer = await ask(server.tokenUri, form, context.fetch);
    const error = answer?.fields.error;
    if (answer === undefined) seconds = Math.min(seconds * 2, intervalSecondsMax);
    else if (error === "slow_down") seconds = Math.min(seconds + 5, intervalSecondsMax);
    else if (error !== "authorization_pending") return readTokens(server.tokenUri, answer, context.now());
  }
  throw new Failure("nobody typed the code in time", "try again: waybill auth login");
}

/** Undefined when the server cannot be reached at the moment. */
async function ask(url: string, form: Record<string, string>, fetch: SignIn["context"]["fetch"]) {
  try {
    const answer = await postForm(url, form, fetch);
    return answer.status >= 500 ? undefined : answer;
  } catch (error) {
    if (error instanceof ServerUnreachable) return undefined;
    throw error;
  }
}
