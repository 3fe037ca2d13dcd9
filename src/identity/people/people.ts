import type { Metadata } from "../../storage/metadata/metadata.ts";
import { Sessions } from "../sessions.ts";
import { Authorizations } from "./authorizations.ts";
import { Devices } from "./devices.ts";
import { GuessLimits } from "./guess-limits.ts";
import { Joining } from "./joining.ts";
import { Logins } from "./logins.ts";
import { OneTimeCodes } from "./one-time-codes.ts";
import type { OutsideProvider } from "./outside-providers.ts";
import { OutsideSignIn } from "./outside-sign-in.ts";
import { Passkeys } from "./passkeys.ts";
import { PasswordSignIn, type SignInTrouble } from "./password-sign-in.ts";
import { Passwords } from "./passwords.ts";
import { Users } from "./users.ts";

/** Everything about people: who they are, how they sign in, and what they let act for them. */
export type People = ReturnType<typeof openPeople>;

export function openPeople(parts: {
  readonly metadata: Metadata;
  readonly accountDomain: string;
  readonly providers: readonly OutsideProvider[];
  readonly trouble: SignInTrouble;
  readonly now: () => number;
}) {
  const { metadata, accountDomain, providers, trouble, now } = parts;
  const codes = new OneTimeCodes(metadata, now);
  const users = new Users(metadata, codes, accountDomain, now);
  const sessions = new Sessions(metadata, now);
  const passwords = new Passwords();
  const guessLimits = new GuessLimits(now);
  const logins = new Logins(metadata, now);
  return {
    users,
    sessions,
    logins,
    guessLimits,
    passwordSignIn: new PasswordSignIn(metadata, passwords, guessLimits, trouble),
    passkeys: new Passkeys(metadata, codes, now),
    outsideSignIn: new OutsideSignIn(providers, metadata, codes, users, now),
    joining: new Joining({ metadata, codes, users, passwords, sessions, now }),
    authorizations: new Authorizations(metadata, codes, logins, now),
    devices: new Devices(metadata, logins, now),
  };
}
