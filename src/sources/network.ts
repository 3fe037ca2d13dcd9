// How this process reaches the network. Bun itself honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and the authorities in
// SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. Left to do: gcloud's own setting for an authority, and no proxy for this very
// machine and for the metadata server, which a proxy elsewhere cannot reach.
import { readFileSync } from "node:fs";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";
import { gcloudProperty } from "./gcloud-properties.ts";
import { isLoopback } from "./registry-host.ts";

/** Sends a request the way this machine is set up. */
export async function networkFetch(request: Request, env: Env): Promise<Response> {
  const { hostname, host, protocol } = new URL(request.url);
  const options: BunFetchRequestInit = isNear(hostname, host, env) ? withoutProxy : {};
  const ca = protocol === "https:" ? await authorities(env) : undefined;
  return await fetch(request, ca ? { ...options, tls: { ca } } : options);
}

/** `false` is not in Bun's types; an empty text means the environment's proxy. */
const withoutProxy = { proxy: false } as unknown as BunFetchRequestInit;

function isNear(hostname: string, host: string, env: Env): boolean {
  if (isLoopback(hostname) || /^169\.254\./.test(hostname)) return true;
  return hostname === "metadata.google.internal" || host === env.GCE_METADATA_HOST;
}

/** The authorities to trust, when gcloud names one of its own; undefined leaves it to Bun. */
async function authorities(env: Env): Promise<string[] | undefined> {
  const path = gcloudProperty(env, "core", "custom_ca_certs_file");
  if (path === undefined) return undefined;
  const { rootCertificates } = await import("node:tls");
  const others = [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS].filter((file) => !!file) as string[];
  return [...rootCertificates, readAuthority(path), ...others.map(readAuthority)];
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(`the certificates in ${path} cannot be read: ${messageOf(error)}`, "is that path right?");
  }
}
