// A new token for a plan. However many processes want it at once, one asks for it: the others wait for the file that
// it writes, or for the failure that it met.
import { loadSource } from "./all-sources.ts";
import { type Collected, collectToken, failedAttempt, SourcesFailed } from "./collect-token.ts";
import type { Context } from "./context.ts";
import { withDeadline } from "./deadline.ts";
import { messageOf } from "./failure.ts";
import { withFileLock } from "./file-lock.ts";
import type { Settings } from "./settings.ts";
import { sourceContext } from "./source-context.ts";
import { readCachedToken, readOldToken } from "./token-cache.ts";
import { type CachePlace, findCachePlace } from "./token-place.ts";
import type { TokenPlan } from "./token-plan.ts";
import type { FreshToken, IssuedToken, SourceContext } from "./token-source.ts";

/** Gets a new token and keeps it. A renewal that fails does no harm as long as the old token is valid. */
export async function renewToken(
  plan: TokenPlan,
  settings: Settings,
  context: Context,
): Promise<IssuedToken | undefined> {
  try {
    return await withDeadline(`no token for ${plan.host}`, async (signal) => {
      const bounded = sourceContext(context, settings, signal);
      return (await hasIdentity(plan, bounded)) ? await renewOnce(plan, bounded, context) : undefined;
    });
  } catch (error) {
    const old = await readOldToken(context.env, plan, context.now());
    if (old === undefined) throw error;
    const seconds = Math.floor(old.expiresAt - context.now() / 1000);
    context.stderr(`waybill: warning: ${messageOf(error)}; the old token is used, which lasts ${seconds} s more\n`);
    return { ...old, isCached: true };
  }
}

/** Asked before anything is written: on a machine without identities nothing is left behind. */
async function hasIdentity(plan: TokenPlan, context: SourceContext): Promise<boolean> {
  for (const name of plan.sources) {
    const source = await loadSource(name);
    // A failure is an identity that cannot be used: it is told when the source is asked for a token.
    const finding = await source.find(plan, context).catch(() => undefined);
    if (finding === undefined || !("absent" in finding)) return true;
  }
  return false;
}

async function renewOnce(plan: TokenPlan, bounded: SourceContext, context: Context): Promise<IssuedToken | undefined> {
  const place = findCachePlace(context.env, plan);
  if (place === undefined) return await issue(plan, bounded, undefined);
  const started = context.now();
  const finished = async () => {
    const cached = await readCachedToken(context.env, plan, context.now());
    if (cached) return { ...cached, isCached: true };
    place.rethrowFailureSince(started);
    return undefined;
  };
  return await withFileLock(place.path, async () => (await finished()) ?? (await issue(plan, bounded, place)), {
    until: finished,
  });
}

async function issue(
  plan: TokenPlan,
  context: SourceContext,
  place: CachePlace | undefined,
): Promise<IssuedToken | undefined> {
  try {
    const collected = await collect(plan, context);
    if (collected === undefined) return undefined;
    const issued = issuedToken(collected, plan);
    if (!collected.fresh.isKept) place?.write(issued, context.now());
    place?.noteIdentity(issued, context.stderr);
    warnWhenShort(issued, plan, context);
    return issued;
  } catch (error) {
    place?.writeFailure(error, context.now());
    throw error;
  }
}

/** A token of the source's own account, or by way of it one of the account that is impersonated. */
async function collect(plan: TokenPlan, context: SourceContext): Promise<Collected | undefined> {
  const sources = plan.sources.map((name) => () => loadSource(name));
  if (plan.impersonate.length === 0) return await collectToken(sources, plan, context, plan);
  const { impersonate, sourceScopes } = await import("./impersonation.ts");
  const collected = await collectToken(sources, { ...plan, scopes: sourceScopes }, context, plan);
  if (collected === undefined) return undefined;
  try {
    const fresh = await impersonate(plan, collected, context);
    return { ...collected, fresh, account: plan.impersonate.at(-1) ?? collected.account };
  } catch (error) {
    throw new SourcesFailed(plan.host, [failedAttempt(collected.source, collected.account, error)]);
  }
}

function issuedToken({ fresh, account, source }: Collected, plan: TokenPlan): IssuedToken {
  const { token, expiresAt, scopes = plan.scopes } = fresh satisfies FreshToken;
  return { token, expiresAt, account, source, scopes, isCached: false };
}

function warnWhenShort({ expiresAt, source }: IssuedToken, plan: TokenPlan, { now, stderr }: SourceContext): void {
  const secondsLeft = expiresAt === undefined ? undefined : Math.floor(expiresAt - now() / 1000);
  if (secondsLeft === undefined || secondsLeft >= plan.minimumSeconds) return;
  stderr(
    `waybill: warning: the token for ${plan.host} from ${source} lasts ${secondsLeft} s, and ${plan.minimumSeconds} s were promised\n`,
  );
}
