// The kubelet's image credential provider (credentialprovider.kubelet.k8s.io/v1): one request on standard input, one
// response on standard output. The kubelet starts it for images that its configuration's `matchImages` names.
import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";
import { registryCredential } from "../sources/registry-credential.ts";
import { parseRegistryHost, type RegistryHost } from "../sources/registry-host.ts";
import type { IssuedToken } from "../sources/token-source.ts";
import { tokenUsername } from "./get.ts";

const apiVersion = "credentialprovider.kubelet.k8s.io/v1";

/** A request holds an image, and perhaps a service account's token and annotations. */
const requestBytesMax = 1024 * 1024;
/** What the kubelet cached must still be good when a container runtime gets to use it. */
const spareSeconds = 60;

type Response = {
  kind: "CredentialProviderResponse";
  apiVersion: typeof apiVersion;
  cacheKeyType: "Registry";
  /** How long the kubelet may keep it, as Go writes a duration. */
  cacheDuration: string;
  auth: Record<string, { username: string; password: string }>;
};

/**
 * Answers a CredentialProviderRequest. An image that no identity is meant for gets an empty `auth`: the kubelet then pulls
 * without credentials. An identity that fails throws. A service account's token in the request is accepted and not used:
 * the answer is the node's own identity, for every pod alike.
 */
export async function kubeletCredentials(context: Context): Promise<Response> {
  const host = hostOfImage(parseRequest(await context.readInput(requestBytesMax)));
  const credential = host && (await registryCredential(host, context));
  return {
    kind: "CredentialProviderResponse",
    apiVersion,
    cacheKeyType: "Registry",
    cacheDuration: credential ? cacheDuration(credential, context.now()) : "0s",
    auth: host && credential ? { [host]: { username: tokenUsername, password: credential.token.reveal() } } : {},
  };
}

function parseRequest(text: string | undefined): string {
  const request = parseObject(text ?? "");
  if (!request) throw new Failure("the request is not a JSON object", "it is the kubelet that calls this program");
  if (request.apiVersion !== apiVersion || request.kind !== "CredentialProviderRequest")
    throw new Failure(
      `the request is not a CredentialProviderRequest of ${apiVersion}`,
      `set apiVersion: ${apiVersion} for this provider in the kubelet's CredentialProviderConfig`,
    );
  if (typeof request.image !== "string" || request.image === "") throw new Failure("the request names no image");
  return request.image;
}

/** `gcr.io/project/image:1` is at gcr.io; `library/image` names no registry, and is Docker Hub's. */
function hostOfImage(image: string): RegistryHost | undefined {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? parseRegistryHost(first) : undefined;
}

/** From the token's true end; where nobody said when that is, the kubelet asks again each time. */
function cacheDuration({ expiresAt }: IssuedToken, nowMilliseconds: number): string {
  if (expiresAt === undefined) return "0s";
  return `${Math.max(0, Math.floor(expiresAt - nowMilliseconds / 1000 - spareSeconds))}s`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // The parser's message could quote a service account's token.
  }
}
