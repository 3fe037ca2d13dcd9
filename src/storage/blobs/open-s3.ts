import { S3Blobs } from "./s3.ts";
import { parseS3Address } from "./s3-address.ts";
import { s3Credentials } from "./s3-credentials.ts";
import { isTransient, S3Error } from "./s3-error.ts";
import { S3Health } from "./s3-health.ts";
import type { S3Connection } from "./s3-request.ts";

/**
 * A store in a bucket. A bucket that refuses us is said at once; one that cannot be reached may come back.
 * Throws S3AddressError, S3CredentialsError, S3Error.
 */
export async function openS3Blobs(
  address: string,
  credentialsFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<S3Blobs> {
  const store = new S3Blobs(s3Connection(address, credentialsFile, env));
  await store.probe().catch((error) => {
    if (!(error instanceof S3Error)) throw error;
    const distrust = certificateTrouble(error);
    if (distrust !== undefined)
      throw new S3Error("Certificate", `--blobs: the store's certificate is refused: ${distrust}`);
    if (!isTransient(error)) throw new S3Error(error.code, `--blobs: ${error.message}`);
  });
  return store;
}

/** What is wrong with the certificate, where that is why nobody answered: it will not mend by itself. */
function certificateTrouble({ cause }: S3Error): string | undefined {
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code !== "string" || !/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ALTNAME/.test(code)) return undefined;
  return `${code} (NODE_EXTRA_CA_CERTS names a file of authorities to trust)`;
}

/** How a bucket is reached from this process. Throws S3AddressError, S3CredentialsError. */
export function s3Connection(
  address: string,
  credentialsFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): S3Connection {
  return {
    address: parseS3Address(address),
    credentials: s3Credentials(credentialsFile, env),
    fetch: (url, init) => fetch(url, init),
    sleep: Bun.sleep,
    now: Date.now,
    health: new S3Health(Date.now),
  };
}
