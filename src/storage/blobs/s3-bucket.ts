import { S3Error } from "./s3-error.ts";
import { presignedUrl, type S3Connection, type S3Request, sendToS3 } from "./s3-request.ts";

/** A part of an object that is sent in parts. */
export interface S3Part {
  /** What the store calls its bytes. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/** An upload in parts that was begun. */
export interface S3Multipart {
  readonly key: string;
  readonly id: string;
}

export interface ListedObject {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** The part of S3's API that we use, on one bucket (or a part of one). Every method throws S3Error. */
export class S3Bucket {
  readonly #connection: S3Connection;

  constructor(connection: S3Connection) {
    this.#connection = connection;
  }

  /** Undefined where there is no such object. */
  async head(key: string): Promise<(ListedObject & { readonly size: number }) | undefined> {
    const answer = await this.#send({ method: "HEAD", key, expects: [404] });
    if (answer.status === 404) return undefined;
    const modifiedAt = Date.parse(answer.headers.get("last-modified") ?? "");
    return { key, size: lengthOf(answer), modifiedAt };
  }

  /** The object, its body unread. @param range bytes, the end exclusive */
  async get(key: string, range?: { start: number; end: number }, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end - 1}` } : {};
    return await sendToS3(this.#connection, { method: "GET", key, headers }, signal);
  }

  /** A small object whole; undefined where there is none. */
  async getWhole(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const answer = await this.#send({ method: "GET", key, expects: [404] });
    const bytes = await wholeBody(answer);
    return answer.status === 404 ? undefined : bytes;
  }

  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    await wholeBody(await this.#send({ method: "PUT", key, body }));
  }

  async delete(key: string): Promise<void> {
    await wholeBody(await this.#send({ method: "DELETE", key, expects: [404] }));
  }

  /** All objects whose keys begin so, in their order, some at a time. */
  async *list(prefix: string): AsyncGenerator<readonly ListedObject[]> {
    for (let token: string | undefined; ; ) {
      const query = { "list-type": "2", prefix: this.#outer(prefix), ...(token && { "continuation-token": token }) };
      const text = await this.#text({ method: "GET", query });
      yield elements(text, "Contents").map((each) => ({
        key: this.#inner(textIn(each, "Key")),
        modifiedAt: Date.parse(textIn(each, "LastModified")),
      }));
      token = textIn(text, "NextContinuationToken");
      if (token === "") return;
    }
  }

  /** Whether the bucket can be used with these credentials; what is in it does not matter. */
  async probe(): Promise<void> {
    await this.#text({ method: "GET", query: { "list-type": "2", prefix: this.#outer(""), "max-keys": "1" } });
  }

  async beginParts(key: string): Promise<S3Multipart> {
    const text = await this.#text({ method: "POST", key, query: { uploads: "" } });
    const id = textIn(text, "UploadId");
    if (id === "") throw new S3Error("NoUploadId", "the store began an upload in parts without naming it");
    return { key, id };
  }

  /** @param number from 1 to 10,000; one that was sent before is replaced */
  async putPart({ key, id }: S3Multipart, number: number, body: Uint8Array<ArrayBuffer>): Promise<S3Part> {
    const query = { partNumber: String(number), uploadId: id };
    const answer = await this.#send({ method: "PUT", key, query, body });
    await wholeBody(answer);
    const etag = answer.headers.get("etag");
    if (!etag) throw new S3Error("NoEtag", "the store took a part without naming it");
    return { etag, size: body.byteLength };
  }

  /** Makes the object of its parts; the store refuses where one of them was replaced meanwhile. */
  async completeParts({ key, id }: S3Multipart, parts: readonly S3Part[]): Promise<void> {
    const listed = parts.map(
      ({ etag }, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
    const text = await this.#text({ method: "POST", key, query: { uploadId: id }, body });
    // It may answer 200 before it knows, and say in the body that it failed.
    const code = /<Error>[\s\S]*?<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1];
    if (code !== undefined) throw new S3Error(code, `POST ${key}: the store answers ${code}`, { status: 500 });
  }

  /** Ends an upload in parts, and drops them; one that has ended is no error. */
  async abortParts({ key, id }: S3Multipart): Promise<void> {
    await wholeBody(await this.#send({ method: "DELETE", key, query: { uploadId: id }, expects: [404] }));
  }

  /** Uploads in parts that were neither completed nor aborted, some at a time. */
  async *listParts(prefix: string): AsyncGenerator<readonly (S3Multipart & { readonly begunAt: number })[]> {
    for (let marker: Record<string, string> = {}; ; ) {
      const text = await this.#text({ method: "GET", query: { uploads: "", prefix: this.#outer(prefix), ...marker } });
      yield elements(text, "Upload").map((each) => ({
        key: this.#inner(textIn(each, "Key")),
        id: textIn(each, "UploadId"),
        begunAt: Date.parse(textIn(each, "Initiated")),
      }));
      if (textIn(text, "IsTruncated") !== "true") return;
      marker = { "key-marker": textIn(text, "NextKeyMarker"), "upload-id-marker": textIn(text, "NextUploadIdMarker") };
    }
  }

  /** Where anybody may get the object for so long. @param headers what the store is to answer with */
  async presign(
    key: string,
    expiresInSeconds: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const query = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`response-${name}`, value]));
    return await presignedUrl(this.#connection, key, expiresInSeconds, query);
  }

  async #send(request: S3Request): Promise<Response> {
    return await sendToS3(this.#connection, request);
  }

  async #text(request: S3Request): Promise<string> {
    return Buffer.from(await wholeBody(await this.#send(request))).toString();
  }

  #outer(key: string): string {
    return this.#connection.address.prefix + key;
  }

  #inner(key: string): string {
    return key.slice(this.#connection.address.prefix.length);
  }
}

/** An answer's length in bytes. One that is not said is no length of 0: the blob would count as damaged. Throws S3Error. */
export function lengthOf({ headers }: Response): number {
  const text = headers.get("content-length");
  if (text === null || !/^[0-9]+$/.test(text)) {
    throw new S3Error("NoLength", "the store, or a proxy before it, does not say how long its answer is");
  }
  return Number(text);
}

/** A store that stops in the middle of a short answer has stopped. */
const bodyMillisecondsMax = 20_000;

/** Also taken where nobody needs it: only then the connection can be used again. */
async function wholeBody(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`nothing more within ${bodyMillisecondsMax} ms`)),
    bodyMillisecondsMax,
  );
  try {
    return (await Promise.race([answer.bytes(), late])) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new S3Error("StoreAway", "the store broke off its answer", { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The insides of every element of this name. None that we read holds another of its own name. */
function elements(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map(([, inside]) => inside ?? "");
}

/** The text of the first element of this name; empty where there is none. */
function textIn(text: string, name: string): string {
  const inside = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  return inside.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
}

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
