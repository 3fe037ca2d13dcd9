import { raisePolicyVersion } from "../../storage/metadata/installation.ts";
import { endLoginsOf } from "../../storage/metadata/logins.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import { endSessionsOf } from "../../storage/metadata/sessions.ts";
import { deleteSignInWays } from "../../storage/metadata/sign-in-ways.ts";
import {
  findUser,
  findUserDetails,
  insertUser,
  listUsers,
  markUserDeleted,
  setUserDisabled,
  type UserDetails,
  type UserRow,
} from "../../storage/metadata/users.ts";
import { AdministrationError } from "../administration-error.ts";
import { newUniqueId } from "../unique-id.ts";
import { isUnderSuffix, parseEmail } from "./email.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";

/** An invitation lies in somebody's mail. */
export const invitationMilliseconds = 24 * 60 * 60 * 1000;

/** A link that lets somebody in once. */
export interface Invitation {
  readonly user: UserDetails;
  /** For the link's fragment: whoever has it becomes that user. */
  readonly code: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/** The people of an installation. */
export class Users {
  readonly #metadata: Metadata;
  readonly #codes: OneTimeCodes;
  readonly #accountDomain: string;
  readonly #now: () => number;

  /** @param accountDomain what ends the e-mails of service accounts, and of no user */
  constructor(metadata: Metadata, codes: OneTimeCodes, accountDomain: string, now: () => number) {
    this.#metadata = metadata;
    this.#codes = codes;
    this.#accountDomain = accountDomain;
    this.#now = now;
  }

  /** By e-mail or unique id. */
  async find(emailOrId: string): Promise<UserDetails | undefined> {
    return await findUserDetails(this.#metadata.read, emailOrId.toLowerCase());
  }

  async list(after: string, limit: number): Promise<UserDetails[]> {
    return await listUsers(this.#metadata.read, after, limit);
  }

  /**
   * Makes a link for somebody, who is added where they are new. For one who was here before it is a new way in; an earlier
   * link ends. Throws `invalid` for an e-mail that cannot be, `failed_precondition` for a disabled user.
   */
  async invite(text: string): Promise<Invitation> {
    const email = this.requireEmail(text);
    return await this.#metadata.write(async (write) => {
      const { id } = await this.ensureIn(write, email);
      const user = await findUserDetails(write, id);
      if (!user || user.disabledAt !== null) {
        throw new AdministrationError("failed_precondition", `User ${email} is disabled: enable them first.`);
      }
      const code = await this.#codes.issueIn(write, "invitation", { userId: id }, invitationMilliseconds, {
        subject: id,
      });
      return { user, code, expiresAt: this.#now() + invitationMilliseconds };
    });
  }

  /** An e-mail that a person may have here, in the one spelling that is kept. Throws `invalid`. */
  requireEmail(text: string): string {
    const email = parseEmail(text);
    if (email === undefined) {
      throw new AdministrationError("invalid", `"${text.slice(0, 80)}" is not an e-mail address.`);
    }
    if (isUnderSuffix(email, this.#accountDomain)) {
      throw new AdministrationError("invalid", `${email} ends like a service account's: no person may have it.`);
    }
    return email;
  }

  /** The user of an e-mail, made where there is none. */
  async ensureIn(write: Writer, email: string): Promise<UserRow> {
    const known = await findUser(write, email);
    if (known) return known;
    const user = { id: newUniqueId(), email };
    await insertUser(write, user, this.#now());
    return user;
  }

  /** From now on nothing that the user holds is believed. Sessions and logins end, and stay ended when they are enabled. */
  async setDisabled({ id, disabledAt }: UserDetails, disabled: boolean): Promise<void> {
    await this.#metadata.write(async (write) => {
      await setUserDisabled(write, id, disabled ? (disabledAt ?? this.#now()) : null);
      if (disabled) await this.#endEverything(write, id);
      await raisePolicyVersion(write);
    });
  }

  /** Frees the e-mail; a later user of that address has another id and inherits nothing. */
  async delete({ id }: UserDetails): Promise<void> {
    await this.#metadata.write(async (write) => {
      await markUserDeleted(write, id, this.#now());
      await deleteSignInWays(write, id);
      await this.#endEverything(write, id);
      await raisePolicyVersion(write);
    });
  }

  async #endEverything(write: Writer, id: string): Promise<void> {
    await endSessionsOf(write, id, this.#now());
    await endLoginsOf(write, `user:${id}`, this.#now());
    await this.#codes.withdrawIn(write, id, "invitation");
  }
}
