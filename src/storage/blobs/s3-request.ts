import { AwsV4Signer } from "aws4fetch";
import type { S3Address } from "./s3-address.ts";
import type { S3Credentials } from "./s3-credentials.ts";
import { errorOf, isTransient, S3Error } from "./s3-error.ts";
import type { S3Health } from "./s3-health.ts";

/** One request to a bucket. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without the address's prefix; absent for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Statuses that are an answer and no error, besides success. */
  readonly expects?: readonly number[];
}

/** What a connection to a store stands on. */
export interface S3Connection {
  readonly address: S3Address;
  readonly credentials: () => S3Credentials;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
  readonly health: S3Health;
}

/** A store that has said nothing for so long says nothing any more. */
const silenceMillisecondsMax = 10_000;
/** How fast a body goes at least, 512 KiB/s: that is time for a part beside others on a slow line. */
const bodyBytesPerMillisecondMin = 512;
/** Tries begin until so long after the first; who waits for a pull is then told to come again. */
const tryMillisecondsMax = 8_000;
/** A request with more than this may have failed for its own reasons. */
const tellingBytesMax = 64 * 1024;
const firstPauseMilliseconds = 100;
const pauseMillisecondsMax = 2_000;

/**
 * Sends a request, again where that may help, each time with a new signature. Resolves with the answer's headers, its
 * body unread. Throws S3Error.
 *
 * @param signal ends the answer's body, too
 */
export async function sendToS3(connection: S3Connection, request: S3Request, signal?: AbortSignal): Promise<Response> {
  const { now, sleep, health } = connection;
  if (!health.isWorthAsking) throw new S3Error("StoreAway", "the store did not answer others a moment ago");
  const begun = now();
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 2, pauseMillisecondsMax)) {
    try {
      return await sendOnce(connection, request, signal);
    } catch (error) {
      // Half of it is left to chance: nodes that failed together must not come back together.
      const wait = pause / 2 + Math.random() * (pause / 2);
      if (!(error instanceof S3Error) || !isTransient(error) || now() + wait - begun > tryMillisecondsMax) throw error;
      await sleep(wait);
    }
  }
}

async function sendOnce(connection: S3Connection, request: S3Request, signal?: AbortSignal): Promise<Response> {
  const { address, credentials, fetch, now, health } = connection;
  const { method, body, expects = [] } = request;
  const what = `${method} ${request.key ?? "the bucket"}`;
  const headers: Record<string, string> = { ...request.headers };
  const signer = new AwsV4Signer({
    ...credentials(),
    method,
    url: urlOf(address, request.key, request.query),
    headers,
    service: "s3",
    region: address.region,
  });
  const signed = await signer.sign();
  const sentAt = now();
  const silence = new AbortController();
  const bodyBytes = body === undefined ? 0 : Buffer.byteLength(body);
  const limit = silenceMillisecondsMax + bodyBytes / bodyBytesPerMillisecondMin;
  const timer = setTimeout(() => silence.abort(new Error(`no answer within ${Math.round(limit)} ms`)), limit);
  let answer: Response;
  try {
    answer = await fetch(signed.url.href, {
      method,
      headers: signed.headers,
      // Where the store sends us elsewhere the credentials do not follow.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
      ...(body !== undefined && { body }),
    });
    health.noteAnswer();
  } catch (cause) {
    // A large body may have been too slow, and a caller may have had enough: that says nothing about the store.
    if (bodyBytes <= tellingBytesMax && signal?.aborted !== true) health.noteSilence(sentAt);
    throw new S3Error("StoreAway", `${what}: the store does not answer`, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok || expects.includes(answer.status)) return answer;
  throw await errorOf(what, answer);
}

/** A URL that anybody may use for so long, without credentials of their own. */
export async function presignedUrl(
  { address, credentials }: S3Connection,
  key: string,
  expiresInSeconds: number,
  query: Readonly<Record<string, string>>,
): Promise<string> {
  const url = urlOf(address, key, { ...query, "X-Amz-Expires": String(expiresInSeconds) });
  const options = { ...credentials(), method: "GET", url, service: "s3", region: address.region, signQuery: true };
  return (await new AwsV4Signer(options).sign()).url.href;
}

function urlOf(
  { bucket, prefix, endpoint, pathStyle }: S3Address,
  key: string | undefined,
  query: Readonly<Record<string, string>> = {},
): string {
  const url = new URL(endpoint);
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
  url.pathname = `${pathStyle ? `/${bucket}` : ""}${key === undefined ? "/" : `/${prefix}${key}`}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
