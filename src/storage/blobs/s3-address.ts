/** A bucket, or a part of one, and how it is reached. */
export interface S3Address {
  readonly bucket: string;
  /** What every key begins with: empty, or ending in a slash. */
  readonly prefix: string;
  readonly endpoint: URL;
  readonly region: string;
  /** Whether the bucket is the first part of the path, and not of the host. */
  readonly pathStyle: boolean;
}

/** An address that cannot be; the message says why, and never repeats what may be a secret. */
export class S3AddressError extends Error {
  override name = "S3AddressError";
}

const form = "s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME&path-style=yes|no";
const parameters: ReadonlySet<string> = new Set(["endpoint", "region", "path-style"]);

/**
 * Reads `s3://BUCKET[/PREFIX]?endpoint=…&region=…&path-style=…`. Without an endpoint it is Amazon's in the region, which is
 * us-east-1 unless it is named. Throws S3AddressError.
 */
export function parseS3Address(text: string): S3Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "s3:" || url.hash !== "") throw new S3AddressError(`is neither a folder nor ${form}`);
  if (url.username !== "" || url.password !== "") {
    throw new S3AddressError(
      "must have no credentials in it: they come from AWS_ACCESS_KEY_ID, or --blobs-credentials",
    );
  }
  for (const name of url.searchParams.keys()) {
    if (!parameters.has(name)) throw new S3AddressError(`has an unknown parameter ${name}: ${form}`);
  }
  const bucket = url.hostname;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw new S3AddressError(`names no bucket: ${form}`);
  const path = url.pathname.replace(/^\/+|\/+$/g, "");
  if (
    !/^(?:[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*)?$/.test(path) ||
    path.split("/").some((part) => /^\.+$/.test(part))
  ) {
    throw new S3AddressError("may have letters, digits, dots, dashes, underscores and single slashes in its prefix");
  }
  const region = url.searchParams.get("region") ?? "us-east-1";
  if (!/^[a-z0-9-]{1,64}$/.test(region)) throw new S3AddressError("has a region that cannot be");
  const named = url.searchParams.get("endpoint");
  const endpoint = parseEndpoint(named ?? `https://s3.${region}.amazonaws.com`);
  return {
    bucket,
    prefix: path === "" ? "" : `${path}/`,
    endpoint,
    region,
    pathStyle: parseSwitch(url.searchParams.get("path-style"), named !== null),
  };
}

/** What is wrong with a place for blobs, which is a folder or an address; undefined where nothing is. */
export function wrongBlobsAddress(text: string): string | undefined {
  try {
    if (isAddress(text)) parseS3Address(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof S3AddressError)) throw error;
    return error.message;
  }
}

/** Whether it names something other than a folder. */
export function isAddress(text: string): boolean {
  return text.includes("://");
}

/** The host that presigned URLs lead to. */
export function hostOf({ endpoint, bucket, pathStyle }: S3Address): string {
  return pathStyle ? endpoint.hostname : `${bucket}.${endpoint.hostname}`;
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  if (!url || !/^https?:$/.test(url.protocol) || !isPlain) {
    throw new S3AddressError("has an endpoint that is not http[s]://HOST[:PORT]");
  }
  return url;
}

function parseSwitch(text: string | null, otherwise: boolean): boolean {
  if (text === null) return otherwise;
  if (text !== "yes" && text !== "no") throw new S3AddressError("takes yes or no for path-style");
  return text === "yes";
}
