import { randomBytes, sign, verify } from "node:crypto";
import { z } from "zod";
import { IdentityError } from "./identity-error.ts";
import { lineageShape } from "./lineage.ts";
import { RecentMap } from "./recent-map.ts";
import type { SigningKeys, TokenUse } from "./signing-keys.ts";

/** What our own tokens say. Principals are named by id, so a token dies with its account's row. */
const claimsSchema = z.object({
  /** `serviceAccount:ID`, `user:ID` or `principal://…`; empty for an anonymous caller. */
  sub: z.string(),
  /** The installation, so that a token of another one with restored keys is foreign. */
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string(),
  /** OAuth scopes. */
  scope: z.string(),
  ...lineageShape,
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })).optional(),
});

export type TokenClaims = z.infer<typeof claimsSchema>;
export type ServiceTokenUse = Exclude<TokenUse, "id" | "audit">;

/** What was found good, and the key that says so: with it ends what it signed. */
interface Verified {
  readonly claims: TokenClaims;
  readonly keyId: string;
}

/** Secret scanners know a leaked token by its first letters. */
const prefixes: Readonly<Record<ServiceTokenUse, string>> = { access: "wba_", registry: "wbr_" };
/** Tokens whose signature was checked and need not be checked again. */
const verifiedMax = 20_000;
const tokenCharactersMax = 16 * 1024;

/**
 * Signs and verifies the two kinds of token that only this installation reads. They are JWS compact (RFC 7515) of one
 * fixed algorithm, after a prefix; the header's `alg` is compared, never followed.
 */
export class ServiceTokens {
  readonly #keys: SigningKeys;
  readonly #audience: string;
  readonly #verified = new RecentMap<string, Verified>(verifiedMax);
  readonly #headers = new Map<string, string>();

  /** @param installationId tokens name it as their audience */
  constructor(keys: SigningKeys, installationId: string) {
    this.#keys = keys;
    this.#audience = installationId;
  }

  /** Which kind of token a text claims to be. */
  static useOf(token: string): ServiceTokenUse | undefined {
    return token.startsWith(prefixes.access) ? "access" : token.startsWith(prefixes.registry) ? "registry" : undefined;
  }

  /** @param claims times in seconds */
  sign(use: ServiceTokenUse, claims: Omit<TokenClaims, "aud" | "jti">): string {
    const key = this.#keys.signing(use);
    const payload: TokenClaims = { ...claims, aud: this.#audience, jti: randomBytes(12).toString("base64url") };
    const signed = `${this.#header(use, key.id)}.${encode(payload)}`;
    const token = `${prefixes[use]}${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString("base64url")}`;
    this.#remember(token, { claims: payload, keyId: key.id });
    return token;
  }

  /** The claims of a token that this installation signed; whether they still hold is for the caller to ask. */
  verify(use: ServiceTokenUse, token: string): TokenClaims {
    const known = this.#verified.get(token);
    if (known && token.startsWith(prefixes[use]) && this.#keys.verifying(use, known.keyId)) return known.claims;
    const checked = this.#check(use, token);
    this.#remember(token, checked);
    return checked.claims;
  }

  /** Learns of keys that another node made. */
  async refreshKeys(): Promise<void> {
    await this.#keys.refresh();
  }

  #check(use: ServiceTokenUse, token: string): Verified {
    const parts = token.slice(prefixes[use].length).split(".");
    const [head = "", payload = "", signature = ""] = parts;
    if (!token.startsWith(prefixes[use]) || token.length > tokenCharactersMax || parts.length !== 3) throw malformed();
    const { kid } = decode(head) as { kid?: unknown };
    const key = typeof kid === "string" ? this.#keys.verifying(use, kid) : undefined;
    if (!key || head !== encode(header(use, key.id))) throw malformed();
    const signed = Buffer.from(`${head}.${payload}`);
    const signatureBytes = Buffer.from(signature, "base64url");
    // The last letter has bits to spare: one token is to have one spelling.
    if (signatureBytes.toString("base64url") !== signature) throw malformed();
    if (!verify(null, signed, key.publicKey, signatureBytes)) {
      throw new IdentityError("bad_signature", "the token's signature is not this server's");
    }
    const claims = claimsSchema.parse(decode(payload));
    if (claims.aud !== this.#audience) throw new IdentityError("wrong_audience", "the token is for another server");
    return { claims, keyId: key.id };
  }

  /** Made once for each key: a token's first third. */
  #header(use: ServiceTokenUse, kid: string): string {
    const known = this.#headers.get(kid) ?? encode(header(use, kid));
    this.#headers.set(kid, known);
    return known;
  }

  #remember(token: string, verified: Verified): void {
    this.#verified.set(token, verified);
  }
}

function header(use: ServiceTokenUse, kid: string): { alg: string; kid: string; typ: string } {
  return { alg: "EdDSA", kid, typ: `waybill-${use}+jwt` };
}

function encode(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString()) ?? {};
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(cause?: unknown): IdentityError {
  return new IdentityError("malformed", "this is not a token of this server", cause);
}
