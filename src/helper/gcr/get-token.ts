import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import type { Secret } from "../../sources/secret.ts";
import type { Settings } from "../../sources/settings.ts";
import { readCachedToken } from "../../sources/token-cache.ts";
import type { IssuedToken } from "../../sources/token-source.ts";
import { type HostSource, hostSources } from "./host-sources.ts";
import { loginToken } from "./login-token.ts";

/** With less left a token is of no use: it has a way to go. */
const secondsMin = 10;

/**
 * The token for a host; undefined when nobody is known there, or no token is meant for it. The first source that knows an
 * identity decides: when that fails no other one steps in for it unseen, unless the settings say so. Then all that failed are told.
 */
export async function gcrToken(host: RegistryHost, suffix: string, context: Context): Promise<Secret | undefined> {
  const { settings, sources } = await hostSources(host, suffix, context.env);
  const failures: Failure[] = [];
  for (const source of sources) {
    const token = await tokenFrom(source, settings, context).catch((error) => {
      failures.push(toFailure(error, failures.length > 0 || source.plan.mayFallBack ? source.name : undefined));
      if (!source.plan.mayFallBack) throw joined(failures);
      return undefined;
    });
    if (token !== undefined) return token;
  }
  if (failures.length > 0) throw joined(failures);
  return undefined;
}

function toFailure(error: unknown, source: string | undefined): Failure {
  const hint = error instanceof Failure ? error.hint : undefined;
  return new Failure(`${source === undefined ? "" : `${source}: `}${messageOf(error)}`, hint);
}

function joined(failures: readonly Failure[]): Failure {
  const hint = failures.find((failure) => failure.hint !== undefined)?.hint;
  return new Failure(failures.map(({ message }) => message).join("; "), hint);
}

/** The cached token needs no network and loads nothing. */
async function tokenFrom({ kind, name, plan }: HostSource, settings: Settings, context: Context) {
  if (kind === "login") return await loginToken(context, settings, plan.minimumSeconds);
  if (plan.sources.length === 0) throw new Error(`docker-credential-gcr/helper: unknown token source: ${name}`);
  const cached = await readCachedToken(context.env, plan, context.now());
  if (cached) return cached.token;
  const { renewToken } = await import("../../sources/renew-token.ts");
  const issued = await renewToken(plan, settings, context);
  if (issued !== undefined && !isUsable(issued, context))
    throw new Error("docker-credential-gcr/helper: token was invalid");
  return issued?.token;
}

function isUsable({ token, expiresAt }: IssuedToken, { now }: Context): boolean {
  return token.reveal() !== "" && (expiresAt === undefined || expiresAt - now() / 1000 > secondsMin);
}
