import { loadSource } from "./all-sources.ts";
import { type Attempt, failedAttempt, SourcesFailed } from "./collect-token.ts";
import type { Context } from "./context.ts";
import { registryCredential } from "./registry-credential.ts";
import type { RegistryHost } from "./registry-host.ts";
import { readOwnSettings, type Settings } from "./settings.ts";
import { sourceContext } from "./source-context.ts";
import { readCachedToken } from "./token-cache.ts";
import { planFor, type TokenPlan } from "./token-plan.ts";

/** How a host's token comes about, told without a secret. */
export type Explanation = {
  host: RegistryHost;
  /** Why no identity can be meant for this host; then nothing else is said. */
  absent?: string;
  /** Every source in the order they are asked, and what each says. */
  attempts: Attempt[];
  scopes: readonly string[];
  minimumSeconds: number;
  impersonate: readonly string[];
  mayFallBack: boolean;
  /** The token that `get` answers with. */
  token?: {
    source: string;
    account: string;
    scopes: readonly string[];
    expiresAt: number | undefined;
    isCached: boolean;
  };
  /** Why there is none. */
  failure?: { message: string; hint?: string };
};

export type ExplainOptions = {
  /** May a token be asked for? Without it only the cached one is told. */
  withNetwork?: boolean;
};

/** Walks the sources as `get` does, and says what each has to say. */
export async function explainCredential(
  host: RegistryHost,
  context: Context,
  { withNetwork = true }: ExplainOptions = {},
): Promise<Explanation> {
  const settings = await readOwnSettings(context.env, context.stderr);
  const plan = planFor(host, settings, context.env);
  if (plan === undefined) return { ...nothing, host, absent: `nothing here says whose token ${host} gets` };
  const { scopes, minimumSeconds, impersonate, mayFallBack } = plan;
  const told = { host, scopes, minimumSeconds, impersonate, mayFallBack };
  const attempts = await findings(plan, settings, context);
  return { ...told, ...(await outcome(plan, attempts, context, withNetwork)) };
}

const nothing = { attempts: [], scopes: [], minimumSeconds: 0, impersonate: [], mayFallBack: false };

/** What each source has for the host, without the network. */
async function findings(plan: TokenPlan, settings: Settings, context: Context): Promise<Attempt[]> {
  const bounded = sourceContext(context, settings, AbortSignal.timeout(findMillisecondsMax));
  const attempts: Attempt[] = [];
  for (const source of plan.sources) {
    try {
      const finding = await (await loadSource(source)).find(plan, bounded);
      if ("absent" in finding) attempts.push({ source, outcome: "absent", message: finding.absent });
      else attempts.push({ source, outcome: "found", account: finding.account });
    } catch (error) {
      attempts.push(failedAttempt(source, undefined, error));
    }
  }
  return attempts;
}

const findMillisecondsMax = 5_000;

async function outcome(
  plan: TokenPlan,
  attempts: Attempt[],
  context: Context,
  withNetwork: boolean,
): Promise<Pick<Explanation, "attempts" | "token" | "failure">> {
  try {
    const cached = await readCachedToken(context.env, plan, context.now());
    const issued = cached
      ? { ...cached, isCached: true }
      : withNetwork && (await registryCredential(plan.host, context));
    if (!issued) return { attempts };
    const { source, account, scopes, expiresAt, isCached } = issued;
    return {
      attempts: merged(attempts, [{ source, outcome: "won", account }]),
      token: { source, account, scopes, expiresAt, isCached },
    };
  } catch (error) {
    const { message, hint } = failedAttempt("", undefined, error);
    const told = error instanceof SourcesFailed ? merged(attempts, error.attempts) : attempts;
    return { attempts: told, failure: { message: message ?? "", ...(hint === undefined ? {} : { hint }) } };
  }
}

/** What was found, with what became of those that were asked. A source after the one that decided was not asked. */
function merged(attempts: readonly Attempt[], asked: readonly Attempt[]): Attempt[] {
  const last = attempts.findIndex(({ source }) => source === asked.at(-1)?.source);
  return attempts.map((attempt, index) => {
    const became = asked.find(({ source }) => source === attempt.source);
    if (became) return became;
    return index > last && attempt.outcome === "found" ? { ...attempt, outcome: "not asked" } : attempt;
  });
}
