import { z } from "zod";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import {
  deletePasskey,
  hasSignInWay,
  insertPasskey,
  listPasskeys,
  setPasswordHash,
} from "../../storage/metadata/sign-in-ways.ts";
import { findUserDetails, type UserRow } from "../../storage/metadata/users.ts";
import type { Origin, Sessions } from "../sessions.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";
import type { NewPasskey } from "./passkeys.ts";
import type { Passwords } from "./passwords.ts";
import { SignInError } from "./sign-in-error.ts";
import type { Users } from "./users.ts";

/** The way in that somebody chose. */
export type ChosenWay =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "passkey"; readonly passkey: NewPasskey };

type Prepared =
  | { readonly kind: "password"; readonly hash: string }
  | { readonly kind: "passkey"; readonly passkey: NewPasskey };

const invitationSchema = z.object({ userId: z.string() });

/** How a person who was let in by a link gets a way of their own to sign in. */
export class Joining {
  readonly #metadata: Metadata;
  readonly #codes: OneTimeCodes;
  readonly #users: Users;
  readonly #passwords: Passwords;
  readonly #sessions: Sessions;
  readonly #now: () => number;

  constructor(parts: {
    readonly metadata: Metadata;
    readonly codes: OneTimeCodes;
    readonly users: Users;
    readonly passwords: Passwords;
    readonly sessions: Sessions;
    readonly now: () => number;
  }) {
    this.#metadata = parts.metadata;
    this.#codes = parts.codes;
    this.#users = parts.users;
    this.#passwords = parts.passwords;
    this.#sessions = parts.sessions;
    this.#now = parts.now;
  }

  /** Whom an invitation is for, while it is good. */
  async invited(code: string): Promise<UserRow | undefined> {
    const body = invitationSchema.safeParse(await this.#codes.read("invitation", code));
    const user = body.success ? await findUserDetails(this.#metadata.read, body.data.userId) : undefined;
    return user?.disabledAt === null ? { id: user.id, email: user.email } : undefined;
  }

  /** Takes an invitation: the way in is set, and the session's cookie is the answer. Throws SignInError. */
  async accept(code: string, way: ChosenWay, origin: Origin): Promise<string> {
    const invited = await this.invited(code);
    if (!invited) throw staleLink();
    const prepared = await this.#prepare(way, invited.email);
    return await this.#metadata.write(async (write) => {
      const body = invitationSchema.safeParse(await this.#codes.spendIn(write, "invitation", code));
      if (!body.success || body.data.userId !== invited.id) throw staleLink();
      await this.#store(write, invited, prepared);
      // Whoever was signed in as this user is somebody who lost, or should not have, the old way in.
      await this.#sessions.endAllIn(write, invited.id);
      return await this.#sessions.beginIn(write, invited, "invitation", origin);
    });
  }

  /**
   * Makes the owner, who came with the link of `waybill setup`.
   *
   * @param spend takes the link's code, once, in the same transaction; false where it is not good
   * @param own what makes a user the owner, in the same transaction
   */
  async becomeOwner(
    emailText: string,
    way: ChosenWay,
    origin: Origin,
    spend: (write: Writer) => Promise<boolean>,
    own: (write: Writer, user: UserRow) => Promise<void>,
  ): Promise<string> {
    const email = this.#users.requireEmail(emailText);
    const prepared = await this.#prepare(way, email);
    return await this.#metadata.write(async (write) => {
      if (!(await spend(write))) throw staleLink();
      const user = await this.#users.ensureIn(write, email);
      await this.#store(write, user, prepared);
      await this.#sessions.endAllIn(write, user.id);
      await own(write, user);
      return await this.#sessions.beginIn(write, user, "setup", origin);
    });
  }

  /** Adds a passkey for somebody who is signed in. */
  async addPasskey(user: UserRow, passkey: NewPasskey): Promise<void> {
    await this.#metadata.write((write) => this.#store(write, user, { kind: "passkey", passkey }));
  }

  /** When the passkeys of somebody were made and used, the oldest first. */
  async passkeysOf({ id }: UserRow) {
    return await listPasskeys(this.#metadata.read, id);
  }

  /** Takes a passkey away from somebody who is signed in. Throws `invalid` for their only way in. */
  async removePasskey({ id }: UserRow, passkeyId: string): Promise<void> {
    await this.#metadata.write(async (write) => {
      await deletePasskey(write, id, passkeyId);
      if (await hasSignInWay(write, id)) return;
      throw new SignInError("invalid", "That is your only way to sign in: make another one first.");
    });
  }

  /** Sets a password for somebody who is signed in; their other sessions end. */
  async changePassword(user: UserRow, password: string, sessionId: string): Promise<void> {
    const prepared = await this.#prepare({ kind: "password", password }, user.email);
    await this.#metadata.write(async (write) => {
      await this.#store(write, user, prepared);
      await this.#sessions.endAllIn(write, user.id, sessionId);
    });
  }

  /** What takes its time comes before the transaction. */
  async #prepare(way: ChosenWay, email: string): Promise<Prepared> {
    if (way.kind === "passkey") return way;
    return { kind: "password", hash: await this.#passwords.hash(way.password, email) };
  }

  async #store(write: Writer, { id }: UserRow, way: Prepared): Promise<void> {
    if (way.kind === "password") await setPasswordHash(write, id, way.hash, this.#now());
    else await insertPasskey(write, { ...way.passkey, userId: id }, this.#now());
  }
}

export function staleLink(): SignInError {
  return new SignInError("stale", "This link was used, or is too old. Ask for a new one.");
}
