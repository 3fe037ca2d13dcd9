import { SignInError } from "./sign-in-error.ts";

/** NIST SP 800-63B section 3.1.1: length counts, and no rules about which characters. */
const charactersMin = 12;
/** Longer than anybody types; argon2id reads it all. */
const charactersMax = 256;
/** OWASP's figures for argon2id: 19 MiB, two rounds; about 30 ms. */
const settings = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
/** Each takes 19 MiB and a core for its time. */
const atOnceMax = 2;
/** More than wait now are told to come again: they would wait longer than a browser does. */
const waitingMax = 100;
/** What is compared where there is no password, so that it takes as long. */
const nobody =
  "$argon2id$v=19$m=19456,t=2,p=1$rYx0cmFR8Oh+fbY8Ze+WyRvEnwDmseXJ9gIu8oK+2R4$DFIWtGFEPd5Avw7zq6x5dvv5JRyy5/1Z97cMd9gBt6g";

/** Hashes and compares passwords, away from the event loop, a few at a time. */
export class Passwords {
  readonly #verify: (password: string, hash: string) => Promise<boolean>;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(verify = (password: string, hash: string) => Bun.password.verify(password, hash)) {
    this.#verify = verify;
  }

  /** Throws `invalid` for one that is too easily guessed. */
  async hash(password: string, email: string): Promise<string> {
    requireGood(password, email);
    return await this.#inTurn(() => Bun.password.hash(password.normalize("NFC"), settings));
  }

  /** Whether it is the password of that hash. Without a hash it never is, which takes as long. */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const known = await this.#inTurn(() =>
      this.#verify(password.slice(0, charactersMax).normalize("NFC"), hash ?? nobody),
    );
    return known && hash !== undefined && password.length <= charactersMax;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnceMax) {
      if (this.#waiting.length >= waitingMax) {
        throw new SignInError("slowed", "Too many people sign in at the moment.", { retryAfterSeconds: 5 });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

function requireGood(password: string, email: string): void {
  const lower = password.toLowerCase();
  const [name = ""] = email.split("@");
  if ([...password].length < charactersMin || password.length > charactersMax) {
    throw new SignInError("invalid", `A password has ${charactersMin} to ${charactersMax} characters.`);
  }
  if (new Set(lower).size < 5 || lower === email || (name.length > 3 && lower.replaceAll(name, "").length < 8)) {
    throw new SignInError("invalid", "That password is too easily guessed.");
  }
}
