import type { Env } from "./context.ts";
import { googleHostRules, matchesAny, matchesRule } from "./google.ts";
import { gcloudFolder } from "./paths.ts";
import type { RegistryHost } from "./registry-host.ts";
import { pullScope, registryScope } from "./scope.ts";
import type { HostRule, Settings } from "./settings.ts";
import { sourceNames, type TokenRequest } from "./token-source.ts";

/** What the settings say about a host: what is asked of which sources, and what its token is cached under. */
export type TokenPlan = TokenRequest & {
  sources: readonly string[];
  impersonate: readonly string[];
  mayFallBack: boolean;
  /** Everything that decides which token it is, in one text. A cached token of another fingerprint is another token. */
  fingerprint: string;
};

/** BuildKit keeps what a helper said for nearly five minutes, and a large layer takes a while. */
const minimumSecondsDefault = 10 * 60;

/** Variables that may name an identity for a host that is in no setting. */
const identityVariables = [
  "WAYBILL_KEY_FILE",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "WAYBILL_ACCESS_TOKEN",
  "WAYBILL_ACCESS_TOKEN_FILE",
  "WAYBILL_WORKLOAD_IDENTITY_AUDIENCE",
];
/** Other variables that decide whose token it is. Of those that hold a secret only counts that they are there. */
const decidingVariables = [
  "WAYBILL_SERVER",
  "WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL",
  "WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE",
  "WAYBILL_WORKLOAD_IDENTITY_SERVICE_ACCOUNT",
  "CLOUDSDK_CONFIG",
  "CLOUDSDK_ACTIVE_CONFIG_NAME",
  "CLOUDSDK_CORE_ACCOUNT",
  "CLOUDSDK_AUTH_ACCESS_TOKEN",
  "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
  "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
  "GCE_METADATA_HOST",
];
const secretVariables = ["WAYBILL_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"];

/** The plan for a host, or undefined when no identity can be meant for it: it gets no token. */
export function planFor(host: RegistryHost, settings: Settings, env: Env): TokenPlan | undefined {
  const rule = ruleFor(host, settings);
  // An account that somebody set for the host and that is not here is a failure, which the store tells.
  const mapped = knownAccount(settings.registries.get(host), settings);
  const account = settings.hosts.get(host)?.account ?? mapped ?? rule.account;
  const isGoogle = matchesAny(host, googleHostRules) || matchesAny(host, settings.googleHosts);
  if (account === undefined && !isGoogle && !isNamed(settings, env)) return undefined;
  const decided = {
    host,
    isGoogle,
    account,
    scopes: rule.scopes ?? [rule.push ? registryScope : pullScope],
    audience: rule.audience,
    minimumSeconds: rule.minimumLifetimeSeconds ?? minimumSecondsDefault,
    sources: rule.sources ?? sourceNames,
    impersonate: rule.impersonate ?? [],
    mayFallBack: rule.fallback ?? false,
  };
  return { ...decided, fingerprint: fingerprintOf(decided, settings, env) };
}

/** May an identity that only the surroundings name be meant for any host? */
function isNamed({ whole }: Settings, env: Env): boolean {
  return identityVariables.some((name) => !!env[name]) || whole.workloadIdentity !== undefined;
}

/** What holds for a host: what is said about it, else about the longest ending that fits, else about every host. */
export function ruleFor(host: RegistryHost, { defaults, hosts }: Pick<Settings, "defaults" | "hosts">): HostRule {
  const fitting: [string, HostRule][] = [];
  for (const [pattern, rule] of hosts) if (matchesRule(host, pattern)) fitting.push([pattern, rule]);
  if (fitting.length === 0) return { ...defaults };
  const rank = (pattern: string) => (pattern.startsWith("*") ? pattern.length : Number.POSITIVE_INFINITY);
  fitting.sort(([one], [other]) => rank(one) - rank(other));
  return Object.assign({}, defaults, ...fitting.map(([, rule]) => rule));
}

/** An account that was revoked leaves its hosts without one. */
function knownAccount(email: string | undefined, { accounts }: Settings): string | undefined {
  return email !== undefined && accounts.has(email) ? email : undefined;
}

function fingerprintOf(plan: Omit<TokenPlan, "fingerprint">, settings: Settings, env: Env): string {
  const { host, isGoogle, account, minimumSeconds: _, ...rest } = plan;
  const { keyId, tokenUri } = (account === undefined ? undefined : settings.accounts.get(account)) ?? {};
  return JSON.stringify({
    // All of Google's hosts take the same token; another registry's token is its own.
    for: isGoogle ? "google" : host,
    account: account && [account, keyId, tokenUri],
    ...rest,
    endpoints: settings.whole.endpoints,
    workloadIdentity: settings.whole.workloadIdentity,
    ...(account !== undefined && rest.sources[0] === "store" && !rest.mayFallBack ? {} : surroundings(isGoogle, env)),
  });
}

/** What decides besides the settings: only asked for where the host's own account does not decide alone. */
function surroundings(isGoogle: boolean, env: Env) {
  const variables = [...identityVariables, ...decidingVariables].map((name) =>
    secretVariables.includes(name) ? !!env[name] : env[name],
  );
  const folder = gcloudFolder(env);
  const gcloud = isGoogle
    ? ["application_default_credentials.json", "active_config", "configurations"].map((name) => `${folder}/${name}`)
    : [];
  const files = [env.WAYBILL_KEY_FILE, env.GOOGLE_APPLICATION_CREDENTIALS, ...gcloud];
  return { variables, files: files.map((path) => (path ? stateOf(path) : "")) };
}

/** Changes when the file does. */
function stateOf(path: string): string {
  try {
    const { statSync } = require("node:fs") as typeof import("node:fs");
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}
