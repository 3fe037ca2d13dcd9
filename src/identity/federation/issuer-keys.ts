import { z } from "zod";
import { IdentityError } from "../identity-error.ts";
import { type IssuerKey, usableKeys } from "./provider-settings.ts";

/**
 * Fetches a JSON document from an outside server: bounded in size and time, following no redirect, and only from where
 * this server may go. Throws for anything else than an answer.
 */
export type FetchDocument = (url: string) => Promise<unknown>;

interface Known {
  readonly keys: readonly IssuerKey[];
  readonly fetchedAt: number;
}

/** How long an issuer's keys are believed. */
const freshMilliseconds = 10 * 60_000;
/** A key that is not among them is looked for again, but no more often: anybody can invent key ids. */
const retryMilliseconds = 30_000;
/** How long they go on being believed while the issuer does not answer. */
const staleMilliseconds = 60 * 60_000;
const issuersMax = 1000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** The public keys of outside issuers, as OpenID Connect Discovery finds them, remembered for a while. */
export class IssuerKeys {
  readonly #fetch: FetchDocument;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<string, Promise<Known>>();

  constructor(fetch: FetchDocument, now: () => number) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** The issuer's keys. Throws `malformed` where it cannot be asked. @param kid the one that is looked for */
  async of(issuer: string, kid: string | undefined): Promise<readonly IssuerKey[]> {
    const known = this.#known.get(issuer);
    const age = known ? this.#now() - known.fetchedAt : Number.POSITIVE_INFINITY;
    const has = kid === undefined || known?.keys.some((key) => key.kid === kid);
    if (known && age < (has ? freshMilliseconds : retryMilliseconds)) return known.keys;
    try {
      return (await this.#ask(issuer)).keys;
    } catch (error) {
      if (known && age < staleMilliseconds) return known.keys;
      throw new IdentityError("malformed", `the keys of ${issuer} cannot be had: ${(error as Error).message}`, error);
    }
  }

  async #ask(issuer: string): Promise<Known> {
    const running = this.#underWay.get(issuer) ?? this.#discover(issuer).finally(() => this.#underWay.delete(issuer));
    this.#underWay.set(issuer, running);
    return await running;
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  async #discover(issuer: string): Promise<Known> {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const parsed = discoverySchema.safeParse(await this.#fetch(url));
    if (!parsed.success) throw new Error("its discovery document lacks issuer or jwks_uri");
    if (parsed.data.issuer !== issuer) throw new Error("its discovery document names another issuer");
    const keys = usableKeys(await this.#fetch(parsed.data.jwks_uri));
    const known = { keys, fetchedAt: this.#now() };
    if (this.#known.size >= issuersMax) this.#known.clear();
    this.#known.set(issuer, known);
    return known;
  }
}
