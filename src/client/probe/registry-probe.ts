// What a client of a registry does on the wire, one step at a time and with every answer kept, for commands that explain
// why it fails. Nothing is followed to another host, and nothing is left behind.
import { type Context, readBounded } from "../../sources/context.ts";
import { oneLine } from "../../sources/failure.ts";
import { isLoopback } from "../../sources/registry-host.ts";
import { Secret } from "../../sources/secret.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { knownRealms } from "./known-realms.ts";

/** An answer, as much of it as an explanation needs. */
export type ProbeAnswer = {
  status: number;
  headers: Headers;
  challenges: Challenge[];
  /** The server's own words, where it gave any: an OCI or OAuth error's message. */
  message: string | undefined;
  body: Record<string, unknown>;
  milliseconds: number;
};

/** A user name and its password or token. */
export type ProbeCredentials = { username: string; secret: Secret };

const answerBytesMax = 4 * 1024 * 1024;
const answerMillisecondsMax = 10_000;

/** Every kind of manifest that a client of today accepts. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** A registry, spoken to as docker does. Failures of the connection are thrown as `fetch` throws them. */
export class RegistryProbe {
  readonly origin: string;
  readonly #fetch: Context["fetch"];

  constructor(origin: string, fetch: Context["fetch"]) {
    this.origin = origin;
    this.#fetch = fetch;
  }

  /** `GET /v2/`: is this a registry, and how does it ask for credentials? */
  ping(authorization?: Secret): Promise<ProbeAnswer> {
    return this.#send("GET", `${this.origin}/v2/`, authorization);
  }

  /** Trades credentials for a registry token, as the challenge says; anonymous without them. */
  token(challenge: Challenge, scope: string | undefined, credentials?: ProbeCredentials): Promise<ProbeAnswer> {
    const url = new URL(challenge.parameters.realm ?? "");
    if (challenge.parameters.service !== undefined) url.searchParams.set("service", challenge.parameters.service);
    if (scope !== undefined) url.searchParams.append("scope", scope);
    return this.#send("GET", url.href, credentials && basic(credentials));
  }

  /** Asks for a manifest; a refusal's text comes only with GET. */
  manifest(repository: string, reference: string, authorization?: Secret): Promise<ProbeAnswer> {
    const url = `${this.origin}/v2/${repository}/manifests/${reference}`;
    return this.#send("GET", url, authorization, { accept: manifestTypes.join(", ") });
  }

  /** Opens an upload, which needs the right to push, and gives it up again. */
  async upload(repository: string, authorization?: Secret): Promise<ProbeAnswer> {
    const answer = await this.#send("POST", `${this.origin}/v2/${repository}/blobs/uploads/`, authorization);
    const location = URL.parse(answer.headers.get("location") ?? "", this.origin);
    if (answer.status === 202 && location?.origin === this.origin)
      await this.#send("DELETE", location.href, authorization).catch(() => undefined);
    return answer;
  }

  async #send(method: string, url: string, authorization?: Secret, more: Record<string, string> = {}) {
    const headers = new Headers(more);
    if (authorization) headers.set("authorization", authorization.reveal());
    const started = performance.now();
    const signal = AbortSignal.timeout(answerMillisecondsMax);
    const response = await this.#fetch(new Request(url, { method, headers, redirect: "manual", signal }));
    const text = response.body ? ((await readBounded(response.body, answerBytesMax)) ?? "") : "";
    return answerOf(response, text, performance.now() - started);
  }
}

/** May credentials for the registry be sent to this realm? To its own host or the one known for it, encrypted or on this machine. */
export function isTrustedRealm(realm: string | undefined, origin: string): boolean {
  const [url, registry] = [URL.parse(realm ?? ""), new URL(origin)];
  if (url?.protocol === "https:" && url.host === knownRealms[registry.host]) return true;
  if (url?.host !== registry.host) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

function basic({ username, secret }: ProbeCredentials): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${secret.reveal()}`).toString("base64")}`);
}

function answerOf(response: Response, text: string, milliseconds: number): ProbeAnswer {
  const body = parseObject(text);
  const challenges = parseChallenges(response.headers.get("www-authenticate") ?? "");
  const { status, headers } = response;
  return { status, headers, challenges, body, message: messageIn(body), milliseconds: Math.round(milliseconds) };
}

/** `{"errors":[{"message"}]}` of a registry, `{"error_description"}` or `{"error"}` of a token endpoint. */
export function messageIn(body: Record<string, unknown>): string | undefined {
  const [first] = Array.isArray(body.errors) ? body.errors : [];
  const texts = [first?.message, first?.code, body.error_description, body.error, body.details];
  const text = texts.find((each) => typeof each === "string" && each !== "");
  return text === undefined ? undefined : oneLine(text).slice(0, 500);
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
