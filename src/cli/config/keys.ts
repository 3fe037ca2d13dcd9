// Every setting of the client half that `waybill config` knows: its name, where it lies in settings.json, and how its
// value is typed. A setting of hosts can be said for all of them or, with --host, for one.

import { isEmail } from "../../sources/email.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { parseScope } from "../../sources/scope.ts";
import { parseServer } from "../../sources/server.ts";
import type { HostRule } from "../../sources/settings.ts";
import { subjectProviders } from "../../sources/subject-token.ts";
import { sourceNames } from "../../sources/token-source.ts";
import { parseList, UsageError } from "../command.ts";

/** One setting. `path` is where it lies; that of a host's setting begins below the host. */
export type Key = {
  path: readonly string[];
  isOfHost?: true;
  /** Not shown in a list. */
  isSecret?: true;
  summary: string;
  parse: (text: string) => unknown;
};

const rule = (name: keyof HostRule, summary: string, parse: Key["parse"]): Key => ({
  path: [name],
  isOfHost: true,
  summary,
  parse,
});
const workload = (name: string, summary: string, parse: Key["parse"] = text): Key => ({
  path: ["workloadIdentity", name],
  summary,
  parse,
});
const endpoint = (service: string): Key => ({
  path: ["endpoints", `https://${service}`],
  summary: `the address that stands in for https://${service}`,
  parse: parseServer,
});

/** Every setting by its name. */
export const keys: Readonly<Record<string, Key>> = {
  account: rule("account", "the account of this machine that is used", email),
  sources: rule("sources", "where tokens come from, in this order (see below)", sources),
  scopes: rule("scopes", "what tokens may be used for (default: pulling, with push also pushing)", scopes),
  push: rule("push", "true: docker may push", flag),
  audience: rule("audience", "whom tokens are addressed to", text),
  impersonate: rule("impersonate", "the service account to become, after those on the way to it", emails),
  fallback: rule("fallback", "true: when an identity fails another one may be used", flag),
  "minimum-lifetime": rule(
    "minimumLifetimeSeconds",
    "tokens with fewer seconds left are renewed (default 600)",
    seconds,
  ),
  "google-hosts": {
    path: ["googleHosts"],
    summary: "more hosts for Google's identities: a.example,*.b.example",
    parse: hosts,
  },
  "google-client-id": {
    path: ["googleClient", "id"],
    summary: "your program's id at Google, for signing in",
    parse: text,
  },
  "google-client-secret": { path: ["googleClient", "secret"], isSecret: true, summary: "its secret", parse: text },
  keychain: { path: ["keychain"], summary: "false: refresh tokens lie in files", parse: flag },
  "workload-identity-audience": workload("audience", "the provider that knows this job, at the token service"),
  "workload-identity-provider": workload("provider", `where its token is: ${subjectProviders.join(", ")}`, provider),
  "workload-identity-token-url": workload("tokenUrl", "the token service (default Google's)", url),
  "workload-identity-service-account": workload("serviceAccount", "the account to become with it", email),
  "workload-identity-subject-audience": workload("subjectAudience", "whom the job's token is addressed to"),
  "workload-identity-subject-token-type": workload("subjectTokenType", "what kind of token that is (default a JWT)"),
  "workload-identity-file": workload("file", "the file that holds it"),
  "workload-identity-variable": workload("variable", "the variable that holds it (default WAYBILL_ID_TOKEN)"),
  "endpoint-accounts": endpoint("accounts.google.com"),
  "endpoint-oauth2": endpoint("oauth2.googleapis.com"),
  "endpoint-openidconnect": endpoint("openidconnect.googleapis.com"),
  "endpoint-sts": endpoint("sts.googleapis.com"),
  "endpoint-iamcredentials": endpoint("iamcredentials.googleapis.com"),
};

/** Where settings for a host lie: everything that `--host` can name. */
export function parsePattern(given: string): string {
  const ending = given.startsWith("*.") ? "*." : "";
  const host = parseRegistryHost(given.slice(ending.length));
  // A whole top-level domain would be everybody's.
  if (host !== undefined && (ending === "" || host.includes("."))) return ending + host;
  throw new UsageError(`${JSON.stringify(given)} is not a registry host`, "like gcr.io, or *.example.com");
}

function text(given: string): string {
  if (given.trim() === "") throw new UsageError("the value is empty");
  return given;
}

function flag(given: string): boolean {
  if (given === "true" || given === "false") return given === "true";
  throw new UsageError(`${JSON.stringify(given)} is neither true nor false`);
}

function seconds(given: string): number {
  if (/^[0-9]{1,5}$/.test(given)) return Number(given);
  throw new UsageError(`${JSON.stringify(given)} is not a number of seconds`, "like 600");
}

function email(given: string): string {
  if (isEmail(given)) return given;
  throw new UsageError(`${JSON.stringify(given)} is not an account`, "like robot@my-project.iam.gserviceaccount.com");
}

function emails(given: string): string[] {
  return nonEmpty(parseList(given)).map(email);
}

function scopes(given: string): string[] {
  return nonEmpty(parseList(given)).map(parseScope);
}

function sources(given: string): string[] {
  const names = nonEmpty(parseList(given));
  const unknown = names.find((name) => !(sourceNames as readonly string[]).includes(name));
  if (unknown === undefined) return [...new Set(names)];
  throw new UsageError(`${JSON.stringify(unknown)} is not a source of tokens`, `one of: ${sourceNames.join(", ")}`);
}

function hosts(given: string): string[] {
  return nonEmpty(parseList(given)).map(parsePattern);
}

function provider(given: string): string {
  if ((subjectProviders as readonly string[]).includes(given)) return given;
  throw new UsageError(`${JSON.stringify(given)} is not known`, `one of: ${subjectProviders.join(", ")}`);
}

/** An address that credentials may be sent to. */
function url(given: string): string {
  const parsed = URL.parse(given);
  if (parsed === null) throw new UsageError(`${JSON.stringify(given)} is not a URL`);
  parseServer(parsed.origin);
  return given;
}

function nonEmpty(items: string[]): string[] {
  if (items.length === 0) throw new UsageError("the list is empty");
  return items;
}
