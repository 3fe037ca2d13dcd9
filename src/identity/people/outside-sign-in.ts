import type { Configuration } from "openid-client";
import { z } from "zod";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import { findOutsideIdentity, findOutsideSubject, insertOutsideIdentity } from "../../storage/metadata/sign-in-ways.ts";
import { findUserDetails, type UserRow } from "../../storage/metadata/users.ts";
import { domainOf, parseEmail } from "./email.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";
import type { OutsideProvider } from "./outside-providers.ts";
import { SignInError } from "./sign-in-error.ts";
import type { Users } from "./users.ts";

/** A person, as a provider describes them. */
interface Outsider {
  readonly issuer: string;
  readonly subject: string;
  readonly email: unknown;
  readonly emailVerified: unknown;
}

const attemptSchema = z.object({
  provider: z.string(),
  visit: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
});

const attemptMilliseconds = 10 * 60 * 1000;
const answerSecondsMax = 15;
/** A provider's description of itself is asked for again after so long. */
const descriptionMilliseconds = 60 * 60 * 1000;

/** Signing in at somebody else's OIDC provider (OpenID Connect Core section 3.1), as far as the operator's settings allow. */
export class OutsideSignIn {
  readonly providers: readonly OutsideProvider[];
  readonly #metadata: Metadata;
  readonly #codes: OneTimeCodes;
  readonly #users: Users;
  readonly #now: () => number;
  readonly #descriptions = new Map<string, { readonly of: Promise<Configuration>; readonly until: number }>();

  constructor(
    providers: readonly OutsideProvider[],
    metadata: Metadata,
    codes: OneTimeCodes,
    users: Users,
    now: () => number,
  ) {
    this.providers = providers;
    this.#metadata = metadata;
    this.#codes = codes;
    this.#users = users;
    this.#now = now;
  }

  find(name: string): OutsideProvider | undefined {
    return this.providers.find((provider) => provider.name === name);
  }

  /**
   * Where the browser goes to sign in.
   *
   * @param redirectUri where it comes back to
   * @param visit what ties the answer to this browser
   * @param next where it goes in the end: a path of ours
   */
  async begin(provider: OutsideProvider, redirectUri: string, visit: string, next: string): Promise<URL> {
    const oidc = await import("openid-client");
    const description = await this.#describe(provider);
    const [verifier, nonce, state] = [oidc.randomPKCECodeVerifier(), oidc.randomNonce(), oidc.randomState()];
    const attempt: z.infer<typeof attemptSchema> = { provider: provider.name, visit, nonce, verifier, next };
    await this.#codes.issue("outside-sign-in", attempt, attemptMilliseconds, { code: state });
    return oidc.buildAuthorizationUrl(description, {
      redirect_uri: redirectUri,
      scope: "openid email",
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
  }

  /**
   * Who came back. Throws SignInError: `stale` where this browser asked for nothing, `refused` where the provider, or the
   * settings, say no.
   *
   * @param answer the address that the browser came back to, under the redirect's own origin and path
   */
  async finish(provider: OutsideProvider, answer: URL, visit: string): Promise<{ user: UserRow; next: string }> {
    const state = answer.searchParams.get("state") ?? "";
    const attempt = attemptSchema.safeParse(
      state === "" ? undefined : await this.#codes.spend("outside-sign-in", state),
    );
    if (!attempt.success || attempt.data.visit !== visit || attempt.data.provider !== provider.name) {
      throw new SignInError("stale", "This sign-in was not begun here, or it took too long. Begin again.");
    }
    const { nonce, verifier, next } = attempt.data;
    const outsider = await this.#ask(provider, answer, { nonce, verifier, state });
    const user = await this.#metadata.write((write) => this.#admit(write, provider, outsider));
    return { user, next };
  }

  async #ask(
    provider: OutsideProvider,
    answer: URL,
    { nonce, verifier, state }: { nonce: string; verifier: string; state: string },
  ): Promise<Outsider> {
    const oidc = await import("openid-client");
    try {
      const description = await this.#describe(provider);
      const tokens = await oidc.authorizationCodeGrant(description, answer, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error("there is no id_token in the answer");
      const told =
        claims.email === undefined
          ? await oidc.fetchUserInfo(description, tokens.access_token, claims.sub)
          : { email: claims.email, email_verified: claims.email_verified };
      const { email, email_verified: emailVerified } = told;
      return { issuer: claims.iss, subject: claims.sub, email, emailVerified };
    } catch (error) {
      throw new SignInError("refused", `${provider.title} did not sign you in.`, { cause: error });
    }
  }

  /** A provider's subject is who somebody is; the e-mail counts at the first time only. */
  async #admit(write: Writer, provider: OutsideProvider, { issuer, subject, email: text, emailVerified }: Outsider) {
    const knownId = await findOutsideIdentity(write, issuer, subject);
    const known = knownId === undefined ? undefined : await findUserDetails(write, knownId);
    if (knownId !== undefined && (!known || known.disabledAt !== null)) throw notAllowed();
    if (known) return { id: known.id, email: known.email };
    const email = typeof text === "string" ? parseEmail(text) : undefined;
    if (email === undefined || emailVerified !== true || !provider.domains.includes(domainOf(email)))
      throw notAllowed();
    const user = await this.#users.ensureIn(write, this.#requireOutside(email));
    const details = await findUserDetails(write, user.id);
    // The address was somebody else's at the same provider: it was given away, and what it could do is not.
    const other = await findOutsideSubject(write, issuer, user.id);
    if (details?.disabledAt !== null || other !== undefined) throw notAllowed();
    await insertOutsideIdentity(write, { issuer, subject, userId: user.id }, this.#now());
    return user;
  }

  #requireOutside(email: string): string {
    try {
      return this.#users.requireEmail(email);
    } catch (error) {
      throw notAllowed(error);
    }
  }

  #describe(provider: OutsideProvider): Promise<Configuration> {
    const known = this.#descriptions.get(provider.name);
    if (known && known.until > this.#now()) return known.of;
    const of = describe(provider);
    this.#descriptions.set(provider.name, { of, until: this.#now() + descriptionMilliseconds });
    of.catch(() => this.#descriptions.delete(provider.name));
    return of;
  }
}

async function describe({ issuer, ...client }: OutsideProvider): Promise<Configuration> {
  const oidc = await import("openid-client");
  const execute = [oidc.enableNonRepudiationChecks];
  if (issuer.startsWith("http:")) execute.push(oidc.allowInsecureRequests);
  try {
    return await oidc.discovery(new URL(issuer), client["client-id"], client["client-secret"], undefined, {
      execute,
      timeout: answerSecondsMax,
    });
  } catch (error) {
    throw new SignInError("refused", `${client.title} does not answer at the moment.`, { cause: error });
  }
}

function notAllowed(cause?: unknown): SignInError {
  return new SignInError("refused", "You are not among those who may sign in here. Ask an owner to invite you.", {
    cause,
  });
}
