// A recorded conversation, held again with a server. What was recorded has no secrets, so credentials are the ones that this
// machine has for the server. Requests that push are made again only where somebody says so, and where what they sent is there.
import { parseChallenges } from "../../client/probe/challenge.ts";
import { isTrustedRealm } from "../../client/probe/registry-probe.ts";
import type { Context } from "../../sources/context.ts";
import { readBounded } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { registryCredential } from "../../sources/registry-credential.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { Secret } from "../../sources/secret.ts";
import { type Exchange, redacted, responseHeaders, type Trace } from "./exchange.ts";
import { isImagePath } from "./kept-body.ts";
import { UploadPlaces } from "./upload-places.ts";

/** One exchange held again: what differs, or why it was not. */
export type Replayed = { exchange: Exchange; differences: string[]; skipped?: string };

export type ReplayOptions = {
  /** May requests be made again that push something? */
  mayWrite?: boolean;
};

const answerMillisecondsMax = 30_000;
const bodyBytesMax = 64 * 1024 * 1024;
const sentHeaders = ["accept", "content-range", "content-type", "range"];
const comparedHeaders = ["content-type", "docker-content-digest", "oci-subject"];

/** Holds the conversation with `server` and compares its answers with those that were recorded. */
export async function replay(
  { exchanges }: Trace,
  server: string,
  context: Context,
  { mayWrite = false }: ReplayOptions = {},
): Promise<Replayed[]> {
  const session = new Session(server, context, mayWrite);
  const replayed: Replayed[] = [];
  for (const exchange of exchanges) replayed.push(await session.hold(exchange));
  return replayed;
}

class Session {
  readonly #server: string;
  readonly #context: Context;
  readonly #mayWrite: boolean;
  readonly #places: UploadPlaces;
  /** The registry token of the last exchange at a token endpoint. */
  #token: Secret | undefined;

  constructor(server: string, context: Context, mayWrite: boolean) {
    this.#server = server;
    this.#context = context;
    this.#mayWrite = mayWrite;
    this.#places = new UploadPlaces(server);
  }

  async hold(exchange: Exchange): Promise<Replayed> {
    const why = this.#whyNot(exchange);
    if (why !== undefined) return { exchange, differences: [], skipped: why };
    const authorization = await this.#authorization(exchange);
    if (authorization === "none") return { exchange, differences: [], skipped: `no credentials for ${this.#server}` };
    try {
      const response = await this.#send(exchange, authorization);
      const text = response.body ? ((await readBounded(response.body, bodyBytesMax)) ?? "") : "";
      this.#remember(text);
      this.#places.note(exchange.responseHeaders.location, response.headers.get("location"));
      return { exchange, differences: differences(exchange, response, this.#server) };
    } catch (error) {
      return { exchange, differences: [`no answer: ${messageOf(error)}`] };
    }
  }

  #send(exchange: Exchange, authorization: Secret | undefined): Promise<Response> {
    const { method, requestHeaders, requestBody } = exchange;
    const headers = new Headers();
    for (const name of sentHeaders) if (requestHeaders[name] !== undefined) headers.set(name, requestHeaders[name]);
    if (authorization) headers.set("authorization", authorization.reveal());
    const signal = AbortSignal.timeout(answerMillisecondsMax);
    const body = requestBody === undefined ? {} : { body: Buffer.from(requestBody, "base64") };
    return this.#context.fetch(
      new Request(this.#target(exchange), { method, headers, redirect: "manual", signal, ...body }),
    );
  }

  #target({ url }: Exchange): string {
    const { pathname, search } = new URL(url);
    const query = search.replace(/([?&]service=)[^&]*/, `$1${encodeURIComponent(new URL(this.#server).host)}`);
    return this.#places.find(url) ?? `${this.#server}${pathname}${query}`;
  }

  #whyNot({ method, status, url, requestBytes, requestBody }: Exchange): string | undefined {
    if (status === 0) return "there was no answer to compare with";
    if (this.#places.find(url) === undefined && url.includes(redacted))
      return "its address held something that was not recorded";
    if (method === "GET" || method === "HEAD") return undefined;
    if (!["POST", "PUT", "PATCH"].includes(method) || !isImagePath(url)) return "it changes something";
    if (!this.#mayWrite) return "it pushes something: --writes makes it again";
    return requestBytes > 0 && requestBody === undefined
      ? "what it sent was not recorded: trace --bodies does"
      : undefined;
  }

  async #authorization({ requestHeaders }: Exchange): Promise<Secret | undefined | "none"> {
    const [scheme] = (requestHeaders.authorization ?? "").split(" ");
    if (scheme === "") return undefined;
    if (/^bearer$/i.test(scheme ?? "") && this.#token) return this.#token;
    const host = parseRegistryHost(this.#server);
    const credential = host && (await registryCredential(host, this.#context));
    if (!credential) return "none";
    return new Secret(`Basic ${Buffer.from(`_token:${credential.token.reveal()}`).toString("base64")}`);
  }

  #remember(text: string): void {
    try {
      const { token, access_token: accessToken } = JSON.parse(text) as Record<string, unknown>;
      const found = token ?? accessToken;
      if (typeof found === "string") this.#token = new Secret(`Bearer ${found}`);
    } catch {} // It is no token answer.
  }
}

function differences(exchange: Exchange, response: Response, server: string): string[] {
  const found: string[] = [];
  if (response.status !== exchange.status) found.push(`status ${response.status}, was ${exchange.status}`);
  const headers = responseHeaders(response.headers);
  const names = response.status < 300 && exchange.status < 300 && !isTokenAnswer(exchange) ? comparedHeaders : [];
  for (const name of names) {
    const [now, before] = [headers[name], exchange.responseHeaders[name]];
    if (now !== before) found.push(`${name} ${now ?? "is missing"}, was ${before ?? "not there"}`);
  }
  const now = challengeShape(headers["www-authenticate"], server);
  const before = challengeShape(exchange.responseHeaders["www-authenticate"], new URL(exchange.url).origin);
  if (now !== before) found.push(`challenge ${now}, was ${before}`);
  return found;
}

function isTokenAnswer({ url }: Exchange): boolean {
  return !/^\/v2\/(?:.+\/)?(?:manifests|blobs|tags|referrers|_catalog)(?:\/|$)/.test(new URL(url).pathname);
}

/** What kind of challenge it is, and whether it leads to the registry's own host; the names in it are the server's. */
function challengeShape(header: string | undefined, origin: string): string {
  const [challenge] = parseChallenges(header ?? "");
  if (!challenge) return "none";
  const { scheme, parameters } = challenge;
  const where = parameters.realm === undefined || isTrustedRealm(parameters.realm, origin) ? "" : " elsewhere";
  return `${scheme}${where}${parameters.error === undefined ? "" : ` ${parameters.error}`}`;
}
