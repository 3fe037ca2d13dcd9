// Who the credentials stand for, what they are for, and how long.
import type { Context } from "../../sources/context.ts";
import type { Explanation } from "../../sources/explain-credential.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import type { Chain } from "./chain.ts";
import type { Presented } from "./credential-links.ts";
import { examineSources } from "./source-links.ts";
import { factsOf, type TokenFacts } from "./token-facts.ts";

const scopePrefix = "https://www.googleapis.com/auth/";
/** What each scope lets a client of a registry do; others grant nothing there. */
const scopeMeanings: Readonly<Record<string, string>> = {
  "devstorage.read_only": "pull",
  "devstorage.read_write": "pull and push",
  "devstorage.full_control": "pull and push",
  "cloud-platform": "everything",
  "cloud-platform.read-only": "pull",
};
const pushingScopes = ["devstorage.read_write", "devstorage.full_control", "cloud-platform"];

/** Shorter than this, it ends in the middle of a build: BuildKit alone keeps it for nearly five minutes. */
const shortSeconds = 5 * 60;

/** What will be done with the credentials, and where. */
export type Purpose = { host: RegistryHost; isPushing: boolean };

/** Looks at what was presented; of the helper's own token the sources know more than it says itself. Returns whose it is. */
export async function examineIdentity(
  presented: Presented,
  purpose: Purpose,
  context: Context,
  chain: Chain,
): Promise<string | undefined> {
  const own = presented.by === "own helper" ? await examineSources(purpose.host, context, chain) : undefined;
  const facts = { ...factsOf(presented.secret.reveal()), ...(own?.token && factsFrom(own.token)) };
  chain.ok("identity", facts.subject === undefined ? facts.kind : `${facts.subject}, by ${facts.kind}`);
  if (facts.scopes) examineScopes(facts.scopes, presented, purpose, chain);
  if (facts.expiresAtSeconds !== undefined) examineLifetime(facts, presented, context, chain);
  return facts.subject;
}

function factsFrom({ account, scopes, expiresAt }: NonNullable<Explanation["token"]>): Partial<TokenFacts> {
  return {
    ...(account !== "" && { subject: account }),
    ...(scopes.length > 0 && { scopes: [...scopes] }),
    ...(expiresAt !== undefined && { expiresAtSeconds: expiresAt }),
  };
}

function examineScopes(scopes: readonly string[], { by }: Presented, { host, isPushing }: Purpose, chain: Chain): void {
  const names = scopes.map((scope) => (scope.startsWith(scopePrefix) ? scope.slice(scopePrefix.length) : scope));
  const meant = names.map((name) => `${name} (${scopeMeanings[name] ?? "nothing at a registry"})`).join(", ");
  const usable = names.filter((name) => scopeMeanings[name] !== undefined);
  if (usable.length === 0)
    chain.broken("scopes", meant || "none", "ask for devstorage.read_only to pull, devstorage.read_write to push");
  else if (isPushing && !usable.some((name) => pushingScopes.includes(name)))
    chain.broken(
      "scopes",
      `${meant}: it cannot push`,
      by === "own helper"
        ? `waybill config set --host=${host} push true`
        : "get a token with --scopes=devstorage.read_write",
    );
  else chain.ok("scopes", meant);
}

function examineLifetime(facts: TokenFacts, { by }: Presented, { now }: Context, chain: Chain): void {
  const secondsLeft = Math.floor((facts.expiresAtSeconds ?? 0) - now() / 1000);
  const renew = by === "file" ? "log in again, or let a helper renew it: waybill auth configure-docker" : undefined;
  if (secondsLeft <= 0)
    chain.broken("lifetime", `it expired ${duration(-secondsLeft)} ago`, renew ?? "is this machine's clock right?");
  else if (secondsLeft < shortSeconds)
    chain.warn("lifetime", `it ends in ${duration(secondsLeft)}, before a build does`, renew ?? "try again");
  else chain.ok("lifetime", `${duration(secondsLeft)} left`);
}

/** A length of time as people say it. */
export function duration(seconds: number): string {
  const [value, unit] =
    seconds < 120
      ? [seconds, "second"]
      : seconds < 7200
        ? [seconds / 60, "minute"]
        : seconds < 172_800
          ? [seconds / 3600, "hour"]
          : [seconds / 86_400, "day"];
  const whole = Math.round(value);
  return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
}
