import type { Metadata } from "../../storage/metadata/metadata.ts";
import { findPasswordHash } from "../../storage/metadata/sign-in-ways.ts";
import { findUserDetails, type UserRow } from "../../storage/metadata/users.ts";
import { parseEmail } from "./email.ts";
import type { GuessLimits } from "./guess-limits.ts";
import type { Passwords } from "./passwords.ts";
import { SignInError } from "./sign-in-error.ts";

/** What an operator may want to hear of: no secret is in it. */
export type SignInTrouble = (event: {
  readonly what: "wrong password" | "slowed";
  readonly email: string;
  readonly address: string;
}) => void;

/** Signing in with a password, which says and takes the same whoever it is for. */
export class PasswordSignIn {
  readonly #metadata: Metadata;
  readonly #passwords: Passwords;
  readonly #limits: GuessLimits;
  readonly #trouble: SignInTrouble;

  constructor(metadata: Metadata, passwords: Passwords, limits: GuessLimits, trouble: SignInTrouble) {
    this.#metadata = metadata;
    this.#passwords = passwords;
    this.#limits = limits;
    this.#trouble = trouble;
  }

  /** The user whose password it is. Throws SignInError `refused` or `slowed`. */
  async check(emailText: string, password: string, address: string): Promise<UserRow> {
    const email = parseEmail(emailText) ?? "";
    const wait = this.#limits.wait(email, address);
    if (wait > 0) {
      this.#trouble({ what: "slowed", email, address });
      throw new SignInError("slowed", "Too many wrong passwords came before this one.", { retryAfterSeconds: wait });
    }
    this.#limits.note(email, address);
    const user = email === "" ? undefined : await findUserDetails(this.#metadata.read, email);
    const hash = user && (await findPasswordHash(this.#metadata.read, user.id));
    const matches = await this.#passwords.matches(password, hash);
    if (!matches || !user || user.disabledAt !== null) {
      this.#trouble({ what: "wrong password", email, address });
      throw new SignInError("refused", "The e-mail or the password is wrong.");
    }
    this.#limits.forgive(email, address);
    return { id: user.id, email: user.email };
  }
}
