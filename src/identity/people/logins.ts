import { randomUUID } from "node:crypto";
import { raisePolicyVersion } from "../../storage/metadata/installation.ts";
import {
  deleteOldLogins,
  endLogin,
  endLoginsOf,
  findLogin,
  findRefreshToken,
  findUnusedSuccessor,
  insertLogin,
  insertRefreshToken,
  type LoginRow,
  listIdleLoginsOfKey,
  listLogins,
  noteLoginUse,
  type RefreshTokenRow,
  spendRefreshToken,
} from "../../storage/metadata/logins.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Reader, Writer } from "../../storage/metadata/schema.ts";
import { IdentityError } from "../identity-error.ts";
import { hashOfSecret, newSecretText } from "../secret-text.ts";

/** What a login is made for. */
export interface NewLogin {
  readonly kind: LoginRow["kind"];
  /** `user:ID` or `serviceAccount:ID`. */
  readonly principal: string;
  readonly keyId?: string | undefined;
  readonly clientId: string;
  readonly scopes: string;
  readonly address: string;
}

/** A login with the refresh token that is good now. */
export interface Granted {
  readonly login: LoginRow;
  readonly refreshToken: string;
}

const day = 24 * 60 * 60 * 1000;
/** Who pulls nothing for a month signs in again. */
const idleMillisecondsMax = 30 * day;
/** However busy: half a year for a person, a quarter for what stands for a key. */
const lifeMillisecondsMax = { oauth: 180 * day, registry: 90 * day } as const;
/**
 * A client whose answer was lost on the way sends the same exchange again; its new token has not been used then. After that
 * time, or after the new token's first use, the old one is taken for stolen (docs/decisions/0016).
 */
const retryMillisecondsMax = 30_000;
const noteMilliseconds = 5 * 60 * 1000;
const listedMax = 500;
/** Machines that are built anew each hour log in each time: those that were used longest ago make room. */
const loginsOfKeyMax = 1000;
/** Secret scanners know one by it. */
const prefix = "wbf_";
const tokenCharactersMax = 100;

/** Programs that may act for somebody: each is a family of refresh tokens, and ends as a whole. */
export class Logins {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  async begin(login: NewLogin): Promise<Granted> {
    return await this.#metadata.write((write) => this.beginIn(write, login));
  }

  /** As `begin`, inside a transaction. */
  async beginIn(write: Writer, { kind, principal, keyId = "", clientId, scopes, address }: NewLogin): Promise<Granted> {
    const now = this.#now();
    const times = { createdAt: now, usedAt: now, expiresAt: now + lifeMillisecondsMax[kind] };
    const login: LoginRow = { id: randomUUID(), kind, principal, keyId, clientId, scopes, address, ...times };
    await deleteOldLogins(write, now - day);
    if (keyId !== "") await this.#makeRoom(write, principal, keyId);
    await insertLogin(write, login);
    return { login, refreshToken: await this.#newToken(write, login.id, "") };
  }

  /**
   * Trades a refresh token for the next one (RFC 9700 section 4.14.2). A token that was traded before ends the whole login:
   * somebody has a copy, and nobody can tell who of the two asks. Throws `not_live`.
   */
  async refresh(refreshToken: string, clientId: string): Promise<Granted> {
    const outcome = await this.#metadata.write(async (write) => {
      const token = await this.#find(write, refreshToken);
      const login = token && (await this.#findLive(write, token.loginId));
      if (!token || login?.kind !== "oauth" || login.clientId !== clientId) return undefined;
      if (token.spentAt !== null && !(await this.#isRetry(write, token, token.spentAt))) {
        await this.#endIn(write, login);
        return undefined;
      }
      await spendRefreshToken(write, token.tokenHash, token.spentAt ?? this.#now());
      await noteLoginUse(write, login.id, this.#now());
      return { login, refreshToken: await this.#newToken(write, login.id, token.tokenHash) };
    });
    if (!outcome) throw new IdentityError("not_live", "the sign-in was ended, or its token was used before");
    return outcome;
  }

  /** The login that Docker holds a token of: the same one each time, for Docker cannot keep another. Throws `not_live`. */
  async ofRegistryToken(refreshToken: string): Promise<LoginRow> {
    const token = await this.#find(this.#metadata.read, refreshToken);
    const login = token && (await this.#findLive(this.#metadata.read, token.loginId));
    if (login?.kind !== "registry") throw new IdentityError("not_live", "the login was ended: log in again");
    if (login.usedAt + noteMilliseconds <= this.#now()) {
      await this.#metadata.write((write) => noteLoginUse(write, login.id, this.#now()));
    }
    return login;
  }

  /** A principal's logins that may still be used, the newest first. */
  async list(principal: string): Promise<LoginRow[]> {
    const now = this.#now();
    return await listLogins(this.#metadata.read, principal, now - idleMillisecondsMax, now, listedMax);
  }

  /** Ends one login of a principal, and every token that came of it; false where it is not theirs. */
  async end(principal: string, id: string): Promise<boolean> {
    return await this.#metadata.write(async (write) => {
      const ended = await endLogin(write, principal, id, this.#now());
      if (ended) await raisePolicyVersion(write);
      return ended;
    });
  }

  /** As `end`, inside a transaction, by the id alone. */
  async endByIdIn(write: Writer, id: string): Promise<void> {
    const login = await findLogin(write, id, this.#now());
    if (login) await this.#endIn(write, login);
  }

  /** Ends the login that a refresh token is of, be the token spent or not (RFC 7009). */
  async endByToken(refreshToken: string): Promise<void> {
    await this.#metadata.write(async (write) => {
      const token = await this.#find(write, refreshToken);
      if (token) await this.endByIdIn(write, token.loginId);
    });
  }

  /** Ends all logins of a principal, inside a transaction. */
  async endAllIn(write: Writer, principal: string): Promise<void> {
    await endLoginsOf(write, principal, this.#now());
    await raisePolicyVersion(write);
  }

  async #endIn(write: Writer, { principal, id }: LoginRow): Promise<void> {
    await endLogin(write, principal, id, this.#now());
    await raisePolicyVersion(write);
  }

  /** Whether a spent token is the last exchange, sent again; what that gave is then good no longer. */
  async #isRetry(write: Writer, token: RefreshTokenRow, spentAt: number): Promise<boolean> {
    if (spentAt + retryMillisecondsMax <= this.#now()) return false;
    const successor = await findUnusedSuccessor(write, token);
    // Spent without a successor of its own: whoever shows it later has a copy.
    if (successor !== undefined) await spendRefreshToken(write, successor, this.#now());
    return successor !== undefined;
  }

  async #find(read: Reader, refreshToken: string): Promise<RefreshTokenRow | undefined> {
    if (!refreshToken.startsWith(prefix) || refreshToken.length > tokenCharactersMax) return undefined;
    return await findRefreshToken(read, hashOfSecret(refreshToken));
  }

  async #findLive(read: Reader, id: string): Promise<LoginRow | undefined> {
    const now = this.#now();
    const login = await findLogin(read, id, now);
    return login && login.usedAt + idleMillisecondsMax > now ? login : undefined;
  }

  async #newToken(write: Writer, loginId: string, follows: string): Promise<string> {
    const token = newSecretText(prefix);
    await insertRefreshToken(write, { tokenHash: hashOfSecret(token), loginId, follows }, this.#now());
    return token;
  }

  async #makeRoom(write: Writer, principal: string, keyId: string): Promise<void> {
    const idle = await listIdleLoginsOfKey(write, keyId, loginsOfKeyMax - 1);
    for (const id of idle) await endLogin(write, principal, id, this.#now());
    if (idle.length > 0) await raisePolicyVersion(write);
  }
}
