import { Failure, messageOf } from "./failure.ts";
import type { Found, FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** What became of one source, without a secret. `message` says why it did not apply, or what failed. */
export type Attempt = {
  source: string;
  outcome: "absent" | "failed" | "found" | "won" | "not asked";
  account?: string;
  message?: string;
  hint?: string;
};

/** A token, whose it is, and how it was come by. */
export type Collected = { fresh: FreshToken; account: string; source: string; attempts: Attempt[] };

/** Every source that has an identity for the host failed; or one did, and no other may take its place. */
export class SourcesFailed extends Failure {
  readonly attempts: readonly Attempt[];

  constructor(host: string, attempts: readonly Attempt[]) {
    const failed = attempts.filter(({ outcome }) => outcome === "failed");
    const reasons = failed.map(({ source, message }) => `${source}: ${message}`).join("; ");
    const others = attempts.filter(({ outcome }) => outcome === "absent").map(({ source }) => source);
    super(
      `no token for ${host}: ${reasons}${others.length === 0 ? "" : ` (without an identity: ${others.join(", ")})`}`,
      failed.find(({ hint }) => hint !== undefined)?.hint ?? `waybill doctor ${host}`,
    );
    this.attempts = attempts;
  }
}

/**
 * Asks the sources in order for a token; undefined when none has an identity for the host. The first that has one
 * decides whose token it is: when it fails the others are not asked, unless `mayFallBack` says that they may be.
 */
export async function collectToken(
  sources: readonly (() => Promise<TokenSource>)[],
  request: TokenRequest,
  context: SourceContext,
  { mayFallBack = false }: { mayFallBack?: boolean } = {},
): Promise<Collected | undefined> {
  const attempts: Attempt[] = [];
  for (const load of sources) {
    const attempt = await askSource(await load(), request, context);
    attempts.push(attempt.attempt);
    if (attempt.won) return { ...attempt.won, attempts };
    if (attempt.attempt.outcome === "failed" && !mayFallBack) break;
  }
  if (attempts.some(({ outcome }) => outcome === "failed")) throw new SourcesFailed(request.host, attempts);
  return undefined;
}

type Asked = { attempt: Attempt; won?: Omit<Collected, "attempts"> };

/** Asks one source. What it throws becomes part of the account of what was tried. */
async function askSource(source: TokenSource, request: TokenRequest, context: SourceContext): Promise<Asked> {
  let found: Found | undefined;
  try {
    const finding = await source.find(request, context);
    if ("absent" in finding) return { attempt: { source: source.name, outcome: "absent", message: finding.absent } };
    found = finding;
    const fresh = await found.token();
    const account = fresh.account ?? found.account;
    return {
      attempt: { source: source.name, outcome: "won", account },
      won: { fresh, account, source: source.name },
    };
  } catch (error) {
    return { attempt: failedAttempt(source.name, found?.account, error) };
  }
}

/** What a source threw, as a line of the account. */
export function failedAttempt(source: string, account: string | undefined, error: unknown): Attempt {
  const hint = error instanceof Failure ? error.hint : undefined;
  return {
    source,
    outcome: "failed",
    ...(account === undefined ? {} : { account }),
    message: messageOf(error),
    ...(hint === undefined ? {} : { hint }),
  };
}
