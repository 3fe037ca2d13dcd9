import { messageIn } from "../../client/probe/registry-probe.ts";
import type { Context } from "../../sources/context.ts";
import { messageOf, oneLine } from "../../sources/failure.ts";
import { mask } from "../mask.ts";
import { type Exchange, redactUrl, requestHeaders, responseHeaders } from "./exchange.ts";
import { KeptBody } from "./kept-body.ts";

/** What an answer passes through on its way back. */
export type AnswerFilter = (headers: Headers) => void;

/** Headers of one connection, which mean nothing on the next (RFC 9110 section 7.6.1). */
const connectionHeaders = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** A refusal's text is kept for the reader; a manifest or a blob is not. */
const errorBytesMax = 4 * 1024;
/** Answers that are no longer than this go back with the length that they came with, whatever carries them. */
const wholeBytesMax = 8 * 1024 * 1024;

/** Passes requests on and writes down what was said, while it is said. */
export class Recorder {
  readonly #exchanges: Exchange[] = [];
  readonly #fetch: Context["fetch"];
  readonly #keepsBodies: boolean;
  readonly #started = performance.now();

  constructor(fetch: Context["fetch"], keepsBodies = false) {
    this.#fetch = fetch;
    this.#keepsBodies = keepsBodies;
  }

  /** What was said, in the order in which it began. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /** Sends a client's request to `url` and hands back the answer. */
  async pass(request: Request, url: string, filter: AnswerFilter = () => {}): Promise<Response> {
    const exchange = this.#begin(request, url);
    const started = performance.now();
    const end = () => {
      exchange.milliseconds = Math.round(performance.now() - started);
    };
    const kept = this.#keepsBodies ? KeptBody.for(request.method, url) : undefined;
    try {
      const response = await this.#fetch(onward(request, url, exchange, kept));
      if (kept?.text !== undefined) exchange.requestBody = kept.text;
      return await back(response, request.method, exchange, filter, end);
    } catch (error) {
      exchange.error = mask(messageOf(error)).slice(0, 500);
      return new Response(`waybill trace: ${exchange.error}\n`, { status: 502 });
    } finally {
      end();
    }
  }

  #begin({ method, headers }: Request, url: string): Exchange {
    const exchange: Exchange = {
      method,
      url: redactUrl(url),
      requestHeaders: requestHeaders(headers),
      requestBytes: 0,
      status: 0,
      responseHeaders: {},
      responseBytes: 0,
      startMilliseconds: Math.round(performance.now() - this.#started),
      milliseconds: 0,
    };
    this.#exchanges.push(exchange);
    return exchange;
  }
}

function onward(request: Request, url: string, exchange: Exchange, kept: KeptBody | undefined): Request {
  const headers = new Headers(request.headers);
  for (const name of [...connectionHeaders, "host", "content-length"]) headers.delete(name);
  // Unpacked on the way it would have another length than the answer says.
  headers.set("accept-encoding", "identity");
  const body = request.body?.pipeThrough(
    passing((chunk) => {
      exchange.requestBytes += chunk.length;
      kept?.add(chunk);
    }),
  );
  const { method } = request;
  return new Request(url, {
    method,
    headers,
    redirect: "manual",
    ...(body && { body, duplex: "half" }),
  } as RequestInit);
}

async function back(
  response: Response,
  method: string,
  exchange: Exchange,
  filter: AnswerFilter,
  end: () => void,
): Promise<Response> {
  const { status } = response;
  exchange.status = status;
  exchange.responseHeaders = responseHeaders(response.headers);
  const headers = new Headers(response.headers);
  for (const name of connectionHeaders) headers.delete(name);
  filter(headers);
  if (method === "HEAD" || status === 204 || status === 304) return new Response(null, { status, headers });
  if (Number(headers.get("content-length") ?? "0") > wholeBytesMax) {
    const count = passing((chunk) => {
      exchange.responseBytes += chunk.length;
    }, end);
    return new Response(response.body?.pipeThrough(count) ?? null, { status, headers });
  }
  const body = await response.bytes();
  exchange.responseBytes = body.length;
  if (status >= 400) noteError(exchange, body);
  return new Response(body, { status, headers });
}

function noteError(exchange: Exchange, body: Uint8Array): void {
  const text = new TextDecoder().decode(body.subarray(0, errorBytesMax));
  exchange.error = mask(messageOfError(text) ?? oneLine(text)).slice(0, 500);
}

function messageOfError(text: string): string | undefined {
  try {
    return messageIn(JSON.parse(text));
  } catch {
    return undefined; // Some other server's words, or too many of them.
  }
}

/** Hands on what comes, after somebody has looked at it. */
function passing(look: (chunk: Uint8Array) => void, end: () => void = () => {}) {
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      look(chunk);
      controller.enqueue(chunk);
    },
    flush: end,
  });
}
