// What the helper's own sources say: which of them were asked for a token, and what became of each.
import type { Attempt } from "../../sources/collect-token.ts";
import type { Context } from "../../sources/context.ts";
import { type Explanation, explainCredential } from "../../sources/explain-credential.ts";
import { messageOf } from "../../sources/failure.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { mask } from "../mask.ts";
import type { Chain } from "./chain.ts";

/** Tells the sources' story; it is asked for after the helper has answered, so that its token is the cached one. */
export async function examineSources(
  host: RegistryHost,
  context: Context,
  chain: Chain,
): Promise<Explanation | undefined> {
  const explanation = await explainCredential(host, context).catch((error) => messageOf(error));
  if (typeof explanation === "string") {
    chain.broken("source", mask(explanation), "mend the settings; the helper reads the same");
    return undefined;
  }
  tell(explanation, host, chain);
  return explanation;
}

function tell({ absent, attempts, token, failure, impersonate }: Explanation, host: RegistryHost, chain: Chain): void {
  const story = attempts.map(tellAttempt).join("; ");
  if (absent !== undefined) chain.broken("source", absent, `waybill auth configure-docker ${host}`);
  else if (failure)
    chain.broken("source", mask(story || failure.message), mask(failure.hint ?? "see what each source says"));
  else if (!token) chain.broken("source", mask(story) || "there is none", `waybill auth configure-docker ${host}`);
  else
    chain.ok("source", mask([tellUntil(attempts, token.source), ...impersonate.map((each) => `→ ${each}`)].join(" ")));
}

/** Those before the one that decided say why; those after it do not matter. */
function tellUntil(attempts: readonly Attempt[], source: string): string {
  const last = attempts.findIndex((attempt) => attempt.source === source);
  return attempts
    .slice(0, last + 1)
    .map(tellAttempt)
    .join("; ");
}

function tellAttempt({ source, outcome, account, message }: Attempt): string {
  switch (outcome) {
    case "won":
      return `${source}: ${account ?? "yes"}`;
    case "found":
      return `${source}: ${account ?? "an identity"}`;
    case "not asked":
      return `${source}: not asked`;
    case "absent":
    case "failed":
      return `${source}: ${message ?? outcome}`;
  }
}
