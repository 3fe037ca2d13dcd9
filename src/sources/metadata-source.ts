import { readFileSync } from "node:fs";
import type { Env } from "./context.ts";
import { limited } from "./deadline.ts";
import { Failure } from "./failure.ts";
import { readTokenAnswer, send } from "./token-request.ts";
import type { FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** The server is on the same machine or beside it; where it does not answer at once it is not there. */
const answerMillisecondsMax = 1_000;
const defaultHost = "169.254.169.254";
const productName = "/sys/class/dmi/id/product_name";

/** The identity of the virtual machine that this runs on, from its metadata server. */
export const metadataSource: TokenSource = {
  name: "metadata",
  async find(request, context) {
    if (!request.isGoogle) return { absent: "a machine's identity is for Google's registries" };
    if (!isOnGoogleMachine(context.env)) return { absent: "this is not a virtual machine of Google's" };
    return { account: "this machine's service account", token: () => metadataToken(request, context) };
  },
};

/** Asked before any request: off such a machine the address leads nowhere, and finding that out takes seconds. */
export function isOnGoogleMachine(env: Env, read: (path: string) => string = readText): boolean {
  return !!env.GCE_METADATA_HOST || /google/i.test(read(productName));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function metadataToken({ scopes }: TokenRequest, context: SourceContext): Promise<FreshToken> {
  const account = accountName(context);
  const path = `token?scopes=${encodeURIComponent(scopes.join(","))}`;
  const [url, request] = metadataRequest(path, context);
  const answer = await send(request, flavoured(context));
  if (answer.status === 404)
    throw new Failure("this machine has no service account", "give it one, or: waybill config set sources LIST");
  const token = readTokenAnswer(url, answer, context.now());
  const name = await account;
  return name === undefined ? token : { ...token, account: name };
}

/** Only for what is shown: where it cannot be had, it is done without. */
async function accountName(context: SourceContext): Promise<string | undefined> {
  try {
    const [, request] = metadataRequest("email", context);
    const text = await (await flavoured(context)(request)).text();
    return /^[^\s@]+@[^\s@]+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function metadataRequest(path: string, { env, signal }: SourceContext): [string, Request] {
  const host = env.GCE_METADATA_HOST || defaultHost;
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/${path}`;
  const headers = { "metadata-flavor": "Google" };
  return [url, new Request(url, { headers, signal: limited(signal, answerMillisecondsMax) })];
}

/** Whoever answers without this header is not the metadata server: a router's sign-in page, for one. */
function flavoured({ fetch }: SourceContext): SourceContext["fetch"] {
  return async (request) => {
    const response = await fetch(request);
    if (response.headers.get("metadata-flavor") === "Google") return response;
    throw new Error("what answers is not a metadata server");
  };
}
