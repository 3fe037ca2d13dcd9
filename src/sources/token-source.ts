// Where a registry's token can come from. Every source is one file with one `TokenSource`; `collect-token.ts` asks them
// in the configured order. What the rest of the program calls:
//
//   registry-credential.ts  registryCredential(host, context)   the token for a host, cached or new; undefined: nobody is
//                                                               known there, and a caller goes on without credentials
//   explain-credential.ts   explainCredential(host, context)    the same walk told step by step, without a secret
//   registry-identity.ts    findRegistryIdentity(host, env)     who a host would be asked as, without the network
//                           registryHosts(env)                  the hosts that are configured by name
//   token-plan.ts           planFor(host, settings, env)        what the settings say about a host
//   collect-token.ts        collectToken(sources, request, …)   asks sources of the caller's choice: the drop-ins
//   all-sources.ts          loadSource(name)                    one of ours by its name
import type { Context } from "./context.ts";
import type { RegistryHost } from "./registry-host.ts";
import type { Secret } from "./secret.ts";
import type { Settings } from "./settings.ts";

/** The sources that can be configured, in their default order. */
export const sourceNames = ["store", "token", "env", "workload-identity", "metadata", "gcloud"] as const;
export type SourceName = (typeof sourceNames)[number];

/** What is asked of a source. */
export type TokenRequest = {
  host: RegistryHost;
  /** May Google's identities answer for this host? */
  isGoogle: boolean;
  scopes: readonly string[];
  /** Whom the token is addressed to, where the settings say so. */
  audience: string | undefined;
  /** The account of this machine that the settings give the host. */
  account: string | undefined;
  /** A source that can choose gives a token that lasts at least so long. */
  minimumSeconds: number;
};

/** A token fresh from its issuer. `expiresAt` (seconds since 1970) is undefined where nobody said. */
export type FreshToken = {
  token: Secret;
  expiresAt: number | undefined;
  /** Whose it is, when only the issuer could tell. */
  account?: string;
  /** What it may be used for, when that is not what was asked. */
  scopes?: readonly string[];
  /** A token that somebody else keeps need not be kept here too. */
  isKept?: boolean;
};

/** What a source needs of the process. `fetch` ends at the deadline of the whole search, and so should all else. */
export type SourceContext = Pick<Context, "env" | "now" | "fetch" | "stderr"> & {
  settings: Settings;
  signal: AbortSignal;
};

/** An identity that a source has for the host, found without the network. */
export type Found = { account: string; token: () => Promise<FreshToken> };

/** The source does not apply: it has no identity for this host, and why. */
export type Absent = { absent: string };

/** A source of tokens. `find` throws when there is an identity that cannot be used: that is never "absent". */
export type TokenSource = {
  name: SourceName | (string & {});
  find: (request: TokenRequest, context: SourceContext) => Promise<Found | Absent>;
};

/** What a registry's client is given. */
export type IssuedToken = {
  token: Secret;
  expiresAt: number | undefined;
  account: string;
  source: string;
  scopes: readonly string[];
  isCached: boolean;
};
