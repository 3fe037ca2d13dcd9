/** What a store said, or that it said nothing. Neither its text nor ours has a URL, a header or a credential in it. */
export class S3Error extends Error {
  /** The store's own word (`NoSuchKey`), or one of ours: `StoreAway` where no answer came. */
  readonly code: string;
  /** HTTP; undefined where no answer came. */
  readonly status: number | undefined;

  constructor(code: string, message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = "S3Error";
    this.code = code;
    this.status = status;
  }
}

/** What a try that may go better next time gives: the store is busy, or in trouble, or cannot be reached. */
export function isTransient({ code, status }: S3Error): boolean {
  return status === undefined || status >= 500 || status === 429 || code === "RequestTimeout";
}

/** Turns an answer that is no success into an error; takes the answer's body. */
export async function errorOf(what: string, answer: Response): Promise<S3Error> {
  const text = answer.body ? await textOf(answer.body) : "";
  const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1] ?? `Status${answer.status}`;
  return new S3Error(code, `${what}: the store answers ${answer.status} ${code}`, { status: answer.status });
}

const textBytesMax = 64 * 1024;

/** The beginning of a body; what a store that breaks off has said is good enough. */
async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes >= textBytesMax) break;
    }
  } catch {
    // Its status says enough.
  }
  return Buffer.concat(pieces).toString();
}
