import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Assertions } from "./assertion.ts";
import { anonymousCaller, type Caller } from "./caller.ts";
import { noKeyAsPassword } from "./constraints.ts";
import type { Credentials } from "./credentials.ts";
import { IdentityError } from "./identity-error.ts";
import type { KeyProof } from "./key-proof.ts";
import { KnownCallers } from "./known-callers.ts";
import type { Lineage } from "./lineage.ts";
import type { Provenance, ServiceAccountPrincipal, UserPrincipal } from "./provenance.ts";
import { parseScopes, scope } from "./scopes.ts";
import { ServiceTokens, type TokenClaims } from "./service-tokens.ts";
import { certificatesAdmit, networksAdmit } from "./token-limits.ts";

/** How a credential came. */
export interface Transport {
  /** Whether nobody between could read it: TLS, or a connection that never left this machine. */
  readonly secure: boolean;
  /** Who sent it: an IP address, or empty. */
  readonly address: string;
  /** The thumbprint of the certificate that the sender proved to have, or empty. */
  readonly certificate?: string;
}

/** Who the credential is for, and so which kinds of token prove anything. */
export interface Expectation {
  /** Only `/v2/` takes registry tokens: elsewhere they would be traded for wider ones. */
  readonly registryTokens: boolean;
  /** How long after its end a token is still read; the caller then asks what for. Milliseconds. */
  readonly graceMilliseconds?: number;
}

/** Google's user names that say: the password is an access token. */
const tokenUsernames =
  /^(?:oauth2accesstoken|_token|_dcgcloud_token|gclouddockertoken|_dcgcr_[0-9]+(?:_[0-9]+)*_token)$/;
/** What a key file as password may do: whatever the registry offers, and no administration. */
const keyFileScopes = new Set([scope.storageFullControl]);

const keyAsPasswordText =
  "this project takes no key as a password (iam.noKeyAsPassword): use the credential helper (waybill auth activate-service-account, then waybill auth configure-docker), or log in as oauth2accesstoken with what waybill auth print-access-token prints";

/** Tells who is behind a credential, and that they may still be: every question asks today's rows. */
export class Authenticator {
  readonly #metadata: Metadata;
  readonly #tokens: ServiceTokens;
  readonly #assertions: Assertions;
  readonly #keyProof: KeyProof;
  readonly #provenance: Provenance;
  readonly #now: () => number;
  readonly #known = new KnownCallers();
  #keysVersion = Number.NaN;

  constructor(
    metadata: Metadata,
    tokens: ServiceTokens,
    assertions: Assertions,
    keyProof: KeyProof,
    provenance: Provenance,
    now: () => number,
  ) {
    this.#metadata = metadata;
    this.#tokens = tokens;
    this.#assertions = assertions;
    this.#keyProof = keyProof;
    this.#provenance = provenance;
    this.#now = now;
  }

  /** Throws IdentityError; no credentials are an anonymous caller, bad ones are not. */
  async authenticate(credentials: Credentials, transport: Transport, expectation: Expectation): Promise<Caller> {
    const caller = await this.#whoever(credentials, transport, expectation);
    // Asked every time: the same token may come from elsewhere.
    const limits = caller.lineage?.limits;
    if (limits?.networks && !networksAdmit(limits, transport.address)) {
      throw new IdentityError("wrong_place", "the token is bound to other networks than this request came from");
    }
    if (limits?.certificates && !certificatesAdmit(limits, transport.certificate ?? "")) {
      throw new IdentityError(
        "wrong_place",
        "the token is bound to a client certificate that this request came without",
      );
    }
    return caller;
  }

  async #whoever(credentials: Credentials, transport: Transport, expectation: Expectation): Promise<Caller> {
    switch (credentials.kind) {
      case "none":
        return anonymousCaller();
      case "bearer":
        return await this.#byToken(credentials.token, expectation);
      case "basic":
        return await this.#byPassword(credentials.username, credentials.password, transport);
    }
  }

  /** The live principal behind a service account key. Throws `not_live`. */
  async keyHolder(keyId: string): Promise<ServiceAccountPrincipal> {
    return await this.#provenance.keyHolder(keyId);
  }

  /** A live user, by id. Throws `not_live`. */
  async user(id: string): Promise<UserPrincipal> {
    return await this.#provenance.user(id);
  }

  async #byPassword(username: string, password: string, transport: Transport): Promise<Caller> {
    if (tokenUsernames.test(username)) return await this.#byToken(password.trim(), { registryTokens: false });
    if (username === "_json_key") return await this.#byKeyFile(password, transport);
    if (username === "_json_key_base64") {
      return await this.#byKeyFile(Buffer.from(password, "base64").toString("utf8"), transport);
    }
    throw new IdentityError(
      "unsupported_username",
      "log in as oauth2accesstoken with an access token, or as _json_key with a key file",
    );
  }

  async #byKeyFile(text: string, { secure }: Transport): Promise<Caller> {
    if (!secure) {
      throw new IdentityError("insecure_transport", "a key file is taken over HTTPS only: use an access token here");
    }
    const keyId = await this.#keyProof.check(text);
    const principal = await this.keyHolder(keyId);
    if ((await this.#metadata.hot.constraint(principal.projectId, noKeyAsPassword)) === "true") {
      throw new IdentityError("unsupported_username", keyAsPasswordText);
    }
    return {
      principal,
      scopes: keyFileScopes,
      keyId,
      credential: "key file",
      access: undefined,
      lineage: { key: keyId },
      expiresAt: Number.POSITIVE_INFINITY,
    };
  }

  async #byToken(token: string, expectation: Expectation): Promise<Caller> {
    const use = ServiceTokens.useOf(token);
    if (use === "registry" && !expectation.registryTokens) {
      throw new IdentityError("malformed", "a registry token is no credential here");
    }
    const version = await this.#metadata.hot.policyVersion();
    const known = this.#known.find(token, version, this.#now());
    if (known) return known;
    await this.#learnKeys(version);
    const caller =
      use === undefined
        ? await this.#bySelfSigned(token)
        : await this.#byClaims(this.#tokens.verify(use, token), expectation.graceMilliseconds ?? 0);
    // Who acts as an account under a condition of time does so while it holds, and not ten seconds longer.
    if (!caller.momentary) this.#known.remember(token, caller, version, this.#now());
    return caller;
  }

  /** Another node may have rotated the signing keys: it raised the version, as every change does. */
  async #learnKeys(version: number): Promise<void> {
    if (version === this.#keysVersion) return;
    await this.#tokens.refreshKeys();
    this.#keysVersion = version;
  }

  async #byClaims(claims: TokenClaims, graceMilliseconds: number): Promise<Caller> {
    const expiresAt = claims.exp * 1000;
    if (expiresAt + graceMilliseconds <= this.#now()) throw new IdentityError("expired", "the token has expired");
    const { sub, key: keyId, login: loginId, access } = claims;
    if (sub === "") return { ...anonymousCaller(access ?? []), expiresAt };
    const { principal, first, momentary } = await this.#provenance.principalOf(claims);
    const scopes = parseScopes(claims.scope) ?? new Set();
    const credential = access ? "registry token" : "access token";
    const lineage = lineageOf(claims);
    return {
      principal,
      scopes,
      keyId,
      loginId,
      credential,
      access,
      lineage,
      first,
      expiresAt,
      ...(momentary && { momentary }),
    };
  }

  async #bySelfSigned(jwt: string): Promise<Caller> {
    const { keyId, scopes, expiresAt } = await this.#assertions.verify(jwt);
    const principal = await this.keyHolder(keyId);
    return {
      principal,
      scopes,
      keyId,
      credential: "signed JWT",
      access: undefined,
      lineage: { key: keyId },
      expiresAt: expiresAt * 1000,
    };
  }
}

/** What is made of this token names it, too. */
function lineageOf({ jti, key, login, workload, actors, limits, from = [] }: TokenClaims): Lineage {
  return {
    ...(key !== undefined && { key }),
    ...(login !== undefined && { login }),
    ...(workload && { workload }),
    ...(actors && { actors }),
    ...(limits && { limits }),
    from: [...from, jti],
  };
}

/** Whether a credential counts on some connections only: every request with it is to be asked about. */
export function isBoundToPlace({ lineage }: Caller): boolean {
  return lineage?.limits?.networks !== undefined || lineage?.limits?.certificates !== undefined;
}
