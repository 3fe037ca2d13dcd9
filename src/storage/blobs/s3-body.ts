import type { ObjectBytes } from "./blob-store.ts";
import { lengthOf, type S3Bucket } from "./s3-bucket.ts";
import { S3Error } from "./s3-error.ts";

/** A store that sends nothing for so long is asked again, from where it stopped. */
const stallMilliseconds = 10_000;
/** Times that one body is asked for again. Each waits as long as any request does. */
const resumptionsMax = 3;

/** An object's bytes on their way out of a bucket, at the pace of whoever takes them. */
export class S3Body implements ObjectBytes {
  readonly #bucket: S3Bucket;
  readonly #name: string;
  readonly #end: number;
  #at: number;
  #connection: Connection;

  private constructor(bucket: S3Bucket, name: string, range: { start: number; end: number }, connection: Connection) {
    this.#bucket = bucket;
    this.#name = name;
    this.#at = range.start;
    this.#end = range.end;
    this.#connection = connection;
  }

  /** Resolves when the store has begun to answer. Throws S3Error, also where the object is not there or too short. */
  static async open(bucket: S3Bucket, name: string, start = 0, end?: number): Promise<S3Body> {
    const range = start === 0 && end === undefined ? undefined : { start, end: end ?? Number.MAX_SAFE_INTEGER };
    if (range && range.end <= range.start) return new S3Body(bucket, name, { start, end: start }, emptyConnection);
    const connection = await connect(bucket, name, range);
    return new S3Body(bucket, name, { start, end: start + connection.bytes }, connection);
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = this.#pieces();
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => this.#connection.cut(),
    });
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#pieces()) pieces.push(piece);
    return new Uint8Array(Buffer.concat(pieces));
  }

  async *#pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
    for (let resumptions = 0; this.#at < this.#end; ) {
      try {
        const piece = await this.#connection.next();
        if (!piece) throw new S3Error("StoreAway", `GET ${this.#name}: the store broke off its answer`);
        this.#at += piece.byteLength;
        yield piece;
      } catch (error) {
        this.#connection.cut();
        if (resumptions++ >= resumptionsMax) throw error;
        this.#connection = await connect(this.#bucket, this.#name, { start: this.#at, end: this.#end });
      }
    }
    return undefined;
  }
}

interface Connection {
  /** How many are to come. */
  readonly bytes: number;
  /** Undefined at the end. */
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cut(): void;
}

const emptyConnection: Connection = { bytes: 0, next: async () => undefined, cut() {} };

async function connect(bucket: S3Bucket, name: string, range?: { start: number; end: number }): Promise<Connection> {
  const aborter = new AbortController();
  const answer = await bucket.get(name, range, aborter.signal);
  const reader = answer.body?.getReader();
  const bytes = lengthOf(answer);
  if (range && (answer.status !== 206 || bytes > range.end - range.start)) {
    aborter.abort(new Error("not what was asked for"));
    throw new S3Error(
      "NoRange",
      `GET ${name}: the store answers ${answer.status} and not with the part that was asked for`,
    );
  }
  return {
    bytes,
    async next() {
      const timer = setTimeout(
        () => aborter.abort(new Error(`nothing within ${stallMilliseconds} ms`)),
        stallMilliseconds,
      );
      try {
        return (await reader?.read())?.value;
      } catch (cause) {
        throw new S3Error("StoreAway", `GET ${name}: the store broke off its answer`, { cause });
      } finally {
        clearTimeout(timer);
      }
    },
    cut: () => aborter.abort(new Error("nobody takes it")),
  };
}
