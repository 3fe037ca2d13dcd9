import type { InstanceAccount } from "../../sources/instance-account.ts";
import type { Secret } from "../../sources/secret.ts";
import type { GrantedScopes } from "./granted-scopes.ts";
import { TokenShelf } from "./token-shelf.ts";

/** Where the tokens of a host's account are made, within what the operator gave. */
export type Workshop = {
  readonly scopes: GrantedScopes;
  accessToken(scopes: readonly string[]): Promise<{ token: Secret; secondsLeft: number }>;
  idToken(audience: string): Promise<Secret>;
};

/** Whoever gets a token must be able to do something with it: gcloud, for one, renews those with less than 5 minutes. */
const leftMillisecondsMin = 15 * 60_000;
/** Where nobody says how long a token lives. */
const unknownMilliseconds = 60_000;
/** An id token lives an hour; what is served from the shelf has most of that. */
const idTokenMilliseconds = 10 * 60_000;

export function openWorkshop(account: InstanceAccount, scopes: GrantedScopes, now: () => number): Workshop {
  const tokens = new TokenShelf<{ token: Secret; endsAt: number }>(now);
  const idTokens = new TokenShelf<Secret>(now);
  return {
    scopes,
    async accessToken(wanted) {
      const { token, endsAt } = await tokens.take(wanted.join(" "), async () => {
        const fresh = await account.accessToken(wanted);
        const endsAt = fresh.expiresAt === undefined ? now() + unknownMilliseconds : fresh.expiresAt * 1000;
        // Of a token that lives shorter than that from the start, the first half is served.
        const goodUntil = Math.max(endsAt - leftMillisecondsMin, now() + (endsAt - now()) / 2);
        return { value: { token: fresh.token, endsAt }, goodUntil };
      });
      return { token, secondsLeft: Math.max(0, Math.floor((endsAt - now()) / 1000)) };
    },
    idToken: (audience) =>
      idTokens.take(audience, async () => ({
        value: await account.idToken(audience),
        goodUntil: now() + idTokenMilliseconds,
      })),
  };
}
