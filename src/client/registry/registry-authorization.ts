// How a client proves to a registry who it is: the challenge of /v2/, and a token for each scope. Credentials go to the
// registry's own host and to no other, whatever a challenge says.
import { type Context, readBounded } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { Secret } from "../../sources/secret.ts";
import { type Challenge, parseChallenges } from "../probe/challenge.ts";
import { isTrustedRealm } from "../probe/registry-probe.ts";
import { refusalOf } from "./registry-refusal.ts";

/** A user name and its password or token. */
export type RegistryCredentials = { username: string; secret: Secret };

/** The credentials for a registry; undefined for an anonymous client. Asked once. */
export type CredentialSource = () => Promise<RegistryCredentials | undefined>;

const answerBytesMax = 64 * 1024;
const answerMillisecondsMax = 30_000;

/** The Authorization headers for one registry, each made once. */
export class RegistryAuthorization {
  readonly #origin: string;
  readonly #credentials: CredentialSource;
  readonly #fetch: Context["fetch"];
  readonly #headers = new Map<string, Promise<Secret | undefined>>();
  #challenge: Promise<Challenge | undefined> | undefined;
  #given: Promise<RegistryCredentials | undefined> | undefined;

  constructor(origin: string, credentials: CredentialSource, fetch: Context["fetch"]) {
    this.#origin = origin;
    this.#credentials = credentials;
    this.#fetch = fetch;
  }

  /** The header for these scopes (`repository:my-project/app:pull`); undefined where the registry asks for none. */
  header(scopes: readonly string[]): Promise<Secret | undefined> {
    const key = scopes.join(" ");
    const header = this.#headers.get(key) ?? this.#makeFromPing(scopes);
    this.#headers.set(key, header);
    return header;
  }

  /** As `header`, after the registry refused that one: with the scope that its answer asks for. Undefined where it asks for nothing new. */
  async renewed(scopes: readonly string[], refused: Response): Promise<Secret | undefined> {
    const challenge = usable(parseChallenges(refused.headers.get("www-authenticate") ?? ""));
    const wanted = challenge?.parameters.scope?.split(" ").filter((scope) => scope !== "") ?? [];
    if (!challenge) return undefined;
    const header = this.#make(challenge, [...new Set([...wanted, ...scopes])]);
    this.#headers.set(scopes.join(" "), header);
    return await header;
  }

  async #makeFromPing(scopes: readonly string[]): Promise<Secret | undefined> {
    this.#challenge ??= this.#ping();
    const challenge = await this.#challenge;
    return challenge && (await this.#make(challenge, scopes));
  }

  async #ping(): Promise<Challenge | undefined> {
    const answer = await this.#send(`${this.#origin}/v2/`);
    await answer.body?.cancel();
    if (answer.status === 401) return usable(parseChallenges(answer.headers.get("www-authenticate") ?? ""));
    if (answer.ok) return undefined;
    throw new Failure(`${this.#origin}/v2/ answered with status ${answer.status}`, "is it a container registry?");
  }

  async #make(challenge: Challenge, scopes: readonly string[]): Promise<Secret | undefined> {
    this.#given ??= this.#credentials();
    const credentials = await this.#given;
    if (challenge.scheme === "basic") return credentials && basic(credentials);
    const { realm, service } = challenge.parameters;
    const url = URL.parse(realm ?? "");
    const isOurs = isTrustedRealm(realm, this.#origin);
    if (!url || (!isOurs && url.protocol !== "https:"))
      throw new Failure(`${this.#origin} names no place that could give a token safely`, "waybill doctor explains it");
    if (service !== undefined) url.searchParams.set("service", service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    // At a realm elsewhere we are anonymous: the credentials are for this registry alone.
    return await this.#token(url, isOurs && credentials ? basic(credentials) : undefined);
  }

  async #token(url: URL, authorization: Secret | undefined): Promise<Secret> {
    const answer = await this.#send(url.href, authorization);
    if (answer.status !== 200) throw await refusalOf(url.host, "a token", answer);
    const text = answer.body ? ((await readBounded(answer.body, answerBytesMax)) ?? "") : "";
    const token = tokenIn(text);
    if (token === undefined) throw new Failure(`${url.origin}${url.pathname} gave no token`, "is it a token endpoint?");
    return new Secret(`Bearer ${token}`);
  }

  async #send(url: string, authorization?: Secret): Promise<Response> {
    const headers = new Headers(authorization && { authorization: authorization.reveal() });
    const signal = AbortSignal.timeout(answerMillisecondsMax);
    return await this.#fetch(new Request(url, { headers, redirect: "manual", signal }));
  }
}

/** Bearer before Basic: a token can be narrower than a password. */
function usable(challenges: readonly Challenge[]): Challenge | undefined {
  return challenges.find(({ scheme }) => scheme === "bearer") ?? challenges.find(({ scheme }) => scheme === "basic");
}

function basic({ username, secret }: RegistryCredentials): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${secret.reveal()}`).toString("base64")}`);
}

/** Docker token authentication: `token`, or `access_token` as OAuth calls it. */
function tokenIn(text: string): string | undefined {
  try {
    const { token, access_token } = JSON.parse(text) as { token?: unknown; access_token?: unknown };
    return [token, access_token].find((each): each is string => typeof each === "string" && each !== "");
  } catch {
    return undefined;
  }
}
