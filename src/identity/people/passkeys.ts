import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { findPasskey, notePasskeyUse, type PasskeyRow } from "../../storage/metadata/sign-in-ways.ts";
import { findUserDetails, type UserRow } from "../../storage/metadata/users.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";
import { SignInError } from "./sign-in-error.ts";

/** A passkey that was just made, for whoever began it. */
export type NewPasskey = Omit<PasskeyRow, "userId">;

const challengeMilliseconds = 5 * 60 * 1000;
const text = z.string().max(16 * 1024);
const transportsSchema = z.array(z.string().max(20)).max(10);
/** What browsers send, as far as it must be whole before the library reads it. */
const answerSchema = z.looseObject({
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  response: z.looseObject({ clientDataJSON: text }),
});
const challengeSchema = z.object({ visit: z.string(), use: z.enum(["create", "get"]) });

/**
 * Passkeys (WebAuthn Level 2). They are discoverable and verify their user, so that signing in needs no e-mail and tells
 * nobody who has an account. They belong to one host name of this server.
 */
export class Passkeys {
  readonly #metadata: Metadata;
  readonly #codes: OneTimeCodes;
  readonly #now: () => number;

  constructor(metadata: Metadata, codes: OneTimeCodes, now: () => number) {
    this.#metadata = metadata;
    this.#codes = codes;
    this.#now = now;
  }

  /**
   * What the browser is asked to make.
   *
   * @param visit what ties question and answer to one browser
   */
  async creation(origin: string, visit: string, email: string): Promise<object> {
    const { generateRegistrationOptions } = await import("@simplewebauthn/server");
    const options = await generateRegistrationOptions({
      rpName: "Waybill",
      rpID: relyingParty(origin),
      userName: email,
      userDisplayName: email,
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    await this.#remember(options.challenge, { visit, use: "create" });
    return options;
  }

  /** The passkey that a browser made. Throws SignInError `refused`. */
  async created(origin: string, visit: string, answer: unknown): Promise<NewPasskey> {
    const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
    const response = parseAnswer(answer) as unknown as RegistrationResponseJSON;
    const { verified, registrationInfo } = await refusing(() =>
      verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => this.#spend(challenge, { visit, use: "create" }),
        expectedOrigin: origin,
        expectedRPID: relyingParty(origin),
      }),
    );
    if (!verified) throw refused();
    const { id, publicKey, counter } = registrationInfo.credential;
    const transports = transportsSchema.safeParse(response.response.transports ?? []);
    return {
      id,
      publicKey: Buffer.from(publicKey).toString("base64url"),
      counter,
      transports: JSON.stringify(transports.data ?? []),
    };
  }

  /** What the browser is asked to prove: with any passkey that it has for this server. */
  async request(origin: string, visit: string): Promise<object> {
    const { generateAuthenticationOptions } = await import("@simplewebauthn/server");
    const options = await generateAuthenticationOptions({ rpID: relyingParty(origin), userVerification: "required" });
    await this.#remember(options.challenge, { visit, use: "get" });
    return options;
  }

  /** Whose passkey answered. Throws SignInError `refused`. */
  async answered(origin: string, visit: string, answer: unknown): Promise<UserRow> {
    const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
    const response = parseAnswer(answer) as unknown as AuthenticationResponseJSON;
    const passkey = await findPasskey(this.#metadata.read, response.id);
    if (!passkey) throw refused();
    const { verified, authenticationInfo } = await refusing(() =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: (challenge) => this.#spend(challenge, { visit, use: "get" }),
        expectedOrigin: origin,
        expectedRPID: relyingParty(origin),
        credential: {
          id: passkey.id,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, "base64url")),
          counter: passkey.counter,
        },
      }),
    );
    if (!verified) throw refused();
    const user = await findUserDetails(this.#metadata.read, passkey.userId);
    if (!user || user.disabledAt !== null) throw refused();
    await this.#metadata.write((write) =>
      notePasskeyUse(write, passkey.id, authenticationInfo.newCounter, this.#now()),
    );
    return { id: user.id, email: user.email };
  }

  async #remember(challenge: string, body: z.infer<typeof challengeSchema>): Promise<void> {
    await this.#codes.issue("passkey", body, challengeMilliseconds, { code: challenge });
  }

  /** Each challenge is good once, for the browser and the use that it was made for. */
  async #spend(challenge: string, expected: z.infer<typeof challengeSchema>): Promise<boolean> {
    const body = challengeSchema.safeParse(await this.#codes.spend("passkey", challenge));
    return body.success && body.data.visit === expected.visit && body.data.use === expected.use;
  }
}

/** Whether a server under this origin can have passkeys: not under an IP address (WebAuthn section 5.1.2). */
export function mayHavePasskeys(origin: string): boolean {
  return !/^\[|^[0-9.]+$/.test(new URL(origin).hostname);
}

function relyingParty(origin: string): string {
  return new URL(origin).hostname;
}

function parseAnswer(answer: unknown) {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw refused(parsed.error);
  return parsed.data;
}

/** The library throws for everything that an answer can have wrong with it. */
async function refusing<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    throw refused(error);
  }
}

function refused(cause?: unknown): SignInError {
  return new SignInError("refused", "That passkey was not taken. Try again, or another way to sign in.", { cause });
}
