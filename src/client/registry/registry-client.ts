import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { isLoopback } from "../../sources/registry-host.ts";
import { type CredentialSource, RegistryAuthorization } from "./registry-authorization.ts";
import { RegistryUnreachable, refusalOf } from "./registry-refusal.ts";

/** One request to a registry. */
export type RegistryRequest = {
  method?: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** From `/v2/` on. */
  path: string;
  /** What a token for it must carry: `repository:my-project/app:pull`. */
  scopes: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Made anew when the request is sent a second time, with a better token. */
  body?: () => Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** The statuses that are an answer; every other one is a refusal. */
  expect: readonly number[];
  /** For people: `to delete my-project/app:1`. */
  what: string;
};

export type RegistryClientOptions = {
  /** `https://gcr.io` */
  origin: string;
  credentials: CredentialSource;
  fetch: Context["fetch"];
};

const redirectsMax = 5;

/** A registry, spoken to as a client: the challenge answered, redirects followed, refusals thrown. */
export class RegistryClient {
  readonly origin: string;
  /** The part of an image's name before the first slash. */
  readonly host: string;
  readonly #authorization: RegistryAuthorization;
  readonly #fetch: Context["fetch"];

  constructor({ origin, credentials, fetch }: RegistryClientOptions) {
    this.origin = new URL(origin).origin;
    this.host = new URL(origin).host;
    this.#fetch = async (request) => await fetch(request).catch((error) => this.#unreachable(error));
    this.#authorization = new RegistryAuthorization(this.origin, credentials, this.#fetch);
  }

  /** Throws RegistryRefusal, and Failure where the registry does not answer. */
  async send(request: RegistryRequest): Promise<Response> {
    const answer = await this.#attempt(request);
    if (request.expect.includes(answer.status)) return answer;
    throw await refusalOf(this.host, request.what, answer);
  }

  async #attempt(request: RegistryRequest): Promise<Response> {
    const first = await this.#sendOnce(request, (await this.#authorization.header(request.scopes))?.reveal());
    if (first.status !== 401 || request.expect.includes(401)) return first;
    const better = await this.#authorization.renewed(request.scopes, first);
    if (better === undefined) return first;
    await first.body?.cancel();
    return await this.#sendOnce(request, better.reveal());
  }

  async #sendOnce({ method = "GET", path, headers, body }: RegistryRequest, authorization?: string): Promise<Response> {
    let url = new URL(`${this.origin}${path}`);
    for (let hops = 0; ; hops++) {
      const all = new Headers(headers);
      if (authorization !== undefined && url.origin === this.origin) all.set("authorization", authorization);
      const sent = new Request(url.href, { method, headers: all, redirect: "manual", ...(body && { body: body() }) });
      const answer = await this.#fetch(sent);
      const location = redirectOf(method, answer);
      if (location === undefined || hops === redirectsMax) return answer;
      await answer.body?.cancel();
      url = this.#checked(new URL(location, url));
    }
  }

  /** Bytes may come from elsewhere, but not in clear, unless registry and storage are on this very machine. */
  #checked(url: URL): URL {
    const isLocal = isLoopback(url.hostname) && isLoopback(new URL(this.origin).hostname);
    if (url.protocol === "https:" || (url.protocol === "http:" && isLocal)) return url;
    throw new Failure(`${this.host} sends us to ${url.origin}, without encryption`);
  }

  #unreachable(error: unknown): never {
    throw new RegistryUnreachable(`${this.origin} does not answer: ${messageOf(error)}`, `waybill doctor ${this.host}`);
  }
}

/** Only reading is redirected: what is written goes to the registry itself. */
function redirectOf(method: string, { status, headers }: Response): string | undefined {
  const isRedirect = status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  return isRedirect && (method === "GET" || method === "HEAD") ? (headers.get("location") ?? undefined) : undefined;
}
