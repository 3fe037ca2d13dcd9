// Bazel's credential helper protocol: `get` with {"uri"} on standard input, headers for requests to that URI on standard
// output, and until when they may be kept.
import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";
import { registryCredential } from "../sources/registry-credential.ts";
import { isLoopback, parseRegistryHost, type RegistryHost } from "../sources/registry-host.ts";

type Response = {
  headers: Record<string, string[]>;
  /** RFC 3339. Bazel asks again after it; absent where nobody said when the token ends. */
  expires?: string;
};

const requestBytesMax = 64 * 1024;

/** Answers a request. A URI that no identity is meant for gets no header, and Bazel asks there without credentials. */
export async function bazelCredentials(context: Context): Promise<Response> {
  const host = hostOf(parseUri(await context.readInput(requestBytesMax)));
  const credential = host && (await registryCredential(host, context));
  if (!credential) return { headers: {} };
  return {
    headers: { Authorization: [`Bearer ${credential.token.reveal()}`] },
    ...(credential.expiresAt !== undefined && { expires: rfc3339(credential.expiresAt) }),
  };
}

function parseUri(text: string | undefined): URL {
  let request: unknown;
  try {
    request = JSON.parse(text ?? "");
  } catch {}
  const { uri } = (typeof request === "object" && request !== null ? request : {}) as { uri?: unknown };
  const url = typeof uri === "string" ? URL.parse(uri) : undefined;
  if (!url) throw new Failure('the request is not {"uri": "https://…"}', "it is Bazel that calls this program");
  return url;
}

/** Bazel sends the header over whatever the URI says: in clear it would be anybody's, but on this machine. */
function hostOf({ protocol, hostname, host }: URL): RegistryHost | undefined {
  const isPrivate = protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
  return isPrivate ? parseRegistryHost(`${protocol}//${host}`) : undefined;
}

function rfc3339(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
