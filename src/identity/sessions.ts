import { randomUUID } from "node:crypto";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import {
  deleteOldSessions,
  endSession,
  endSessionsOf,
  insertSession,
  listSessions,
  noteSessionUse,
  type SessionRow,
} from "../storage/metadata/sessions.ts";
import { markUserJoined, type UserRow } from "../storage/metadata/users.ts";
import type { Caller } from "./caller.ts";
import { scope } from "./scopes.ts";
import { hashOfSecret, newSecretText } from "./secret-text.ts";

/** How somebody proved who they are: a way of ours, or the name of an OIDC provider. */
export type SignInWay = string;

/** What is noted of the browser, for the list of sessions. */
export interface Origin {
  /** An IP address, or empty. */
  readonly address: string;
  /** The User-Agent header, as it came. */
  readonly agent: string;
}

/** A user who is signed in with a browser. */
export interface SignedInCaller extends Caller {
  readonly sessionId: string;
  /** Milliseconds. */
  readonly signedInAt: number;
}

const hour = 60 * 60 * 1000;
/** A browser that was left open overnight is signed out. */
export const sessionIdleMillisecondsMax = 8 * hour;
/** However busy, a week. */
const sessionMillisecondsMax = 7 * 24 * hour;
/** When a session was last used is written no more often. */
const noteMilliseconds = 5 * 60 * 1000;
const agentCharactersMax = 200;
const sessionsListedMax = 200;
/** Longer than any value of ours. */
const cookieCharactersMax = 100;
const consoleScopes = new Set([scope.cloudPlatform]);

/** Who is signed in with which browser: rows here, and a random value in the browser's cookie. */
export class Sessions {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Who a cookie's value stands for: today's rows are asked each time, so that ending or disabling is felt at once. */
  async find(cookie: string): Promise<SignedInCaller | undefined> {
    if (cookie === "" || cookie.length > cookieCharactersMax) return undefined;
    const state = await this.#metadata.hot.sessionState(hashOfSecret(cookie));
    const now = this.#now();
    if (state?.live !== 1) return undefined;
    const expiresAt = Math.min(state.expiresAt, state.usedAt + sessionIdleMillisecondsMax);
    if (expiresAt <= now) return undefined;
    if (state.usedAt + noteMilliseconds <= now) {
      await this.#metadata.write((write) => noteSessionUse(write, state.sessionId, now));
    }
    return {
      principal: { kind: "user", id: state.id, email: state.email },
      scopes: consoleScopes,
      keyId: undefined,
      access: undefined,
      expiresAt: state.expiresAt,
      sessionId: state.sessionId,
      signedInAt: state.expiresAt - sessionMillisecondsMax,
    };
  }

  /**
   * Signs a user in. The answer is the value for the cookie, always a new one: a value that somebody knew before the sign-in
   * is worth nothing after it (session fixation).
   */
  async begin(user: UserRow, how: SignInWay, origin: Origin): Promise<string> {
    return await this.#metadata.write((write) => this.beginIn(write, user, how, origin));
  }

  /** As `begin`, inside a transaction. */
  async beginIn(write: Writer, { id: userId }: UserRow, how: SignInWay, { address, agent }: Origin): Promise<string> {
    const now = this.#now();
    const cookie = newSecretText();
    const session: SessionRow = {
      id: randomUUID(),
      userId,
      how,
      address,
      agent: printable(agent).slice(0, agentCharactersMax),
      createdAt: now,
      usedAt: now,
      expiresAt: now + sessionMillisecondsMax,
    };
    await deleteOldSessions(write, now - sessionMillisecondsMax);
    await markUserJoined(write, userId, now);
    await insertSession(write, session, hashOfSecret(cookie));
    return cookie;
  }

  /** A user's sessions that may still be used, the newest first. */
  async list(userId: string): Promise<SessionRow[]> {
    const now = this.#now();
    return await listSessions(this.#metadata.read, userId, now - sessionIdleMillisecondsMax, now, sessionsListedMax);
  }

  /** Ends one session of a user; false where it is not theirs. */
  async end(userId: string, sessionId: string): Promise<boolean> {
    return await this.#metadata.write((write) => endSession(write, userId, sessionId, this.#now()));
  }

  /** Ends all sessions of a user, inside a transaction, but for one where that is named. */
  async endAllIn(write: Writer, userId: string, except?: string): Promise<void> {
    await endSessionsOf(write, userId, this.#now(), except);
  }
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
