import { randomUUID } from "node:crypto";
import { CustomRoles } from "./access/custom-roles.ts";
import { Access } from "./access/decide.ts";
import { DenyPolicies } from "./access/deny-policies.ts";
import { Groups } from "./access/groups.ts";
import { Impersonation, mayActAs } from "./access/impersonation.ts";
import { Policies } from "./access/policies.ts";
import { Projects } from "./access/projects.ts";
import { Audit } from "./audit/audit.ts";
import { type AuditEvent, nobody } from "./audit/event.ts";
import type { ErrorLog } from "./http/distribution/answer-error.ts";
import { Doorkeeper } from "./http/doorkeeper.ts";
import { RateLimits, type RateSettings } from "./http/rate-limits.ts";
import { KeyLogins } from "./http/token/key-logins.ts";
import { AccountSigner } from "./identity/account-signer.ts";
import { Assertions } from "./identity/assertion.ts";
import { Authenticator } from "./identity/authenticator.ts";
import { Constraints } from "./identity/constraints.ts";
import { CredentialUses } from "./identity/credential-uses.ts";
import { type FetchDocument, IssuerKeys } from "./identity/federation/issuer-keys.ts";
import { WorkloadIdentity } from "./identity/federation/workload-identity.ts";
import { KeyProof } from "./identity/key-proof.ts";
import type { OutsideProvider } from "./identity/people/outside-providers.ts";
import type { SignInTrouble } from "./identity/people/password-sign-in.ts";
import { openPeople } from "./identity/people/people.ts";
import { Places } from "./identity/places.ts";
import { Provenance } from "./identity/provenance.ts";
import { Revocations } from "./identity/revocations.ts";
import { ServiceAccountKeys } from "./identity/service-account-keys.ts";
import { ServiceAccounts } from "./identity/service-accounts.ts";
import { ServiceTokens } from "./identity/service-tokens.ts";
import { SigningKeys } from "./identity/signing-keys.ts";
import { Blobs } from "./registry/blobs.ts";
import { DescribedImages } from "./registry/described-images.ts";
import { Garbage, graceMillisecondsDefault } from "./registry/garbage.ts";
import { ImageTimes } from "./registry/image-times.ts";
import { Manifests } from "./registry/manifests.ts";
import type { Outbox } from "./registry/outbox.ts";
import { Cleanup } from "./registry/rules/cleanup.ts";
import { RuleBook } from "./registry/rules/rule-book.ts";
import { Scrub } from "./registry/scrub.ts";
import { Uploads } from "./registry/uploads.ts";
import { Caches } from "./registry/upstream/caches.ts";
import { ImageImports } from "./registry/upstream/image-imports.ts";
import { PullThrough } from "./registry/upstream/pull-through.ts";
import type { OpenUpstream } from "./registry/upstream/upstream.ts";
import type { BlobStore } from "./storage/blobs/blob-store.ts";
import { chooseOnce, readInstallation } from "./storage/metadata/installation.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";

/** What an installation stands on. */
export interface Foundations {
  readonly metadata: Metadata;
  readonly store: BlobStore;
  /** Counts at the first start only; afterwards what was chosen then. */
  readonly accountDomain: string;
  readonly rates: RateSettings;
  /** Whether clients are sent to the store for blobs, where it can be read there. */
  readonly redirectBlobs?: boolean;
  /** How long what nothing needs is kept. */
  readonly graceMilliseconds?: number;
  /** Pulls go on; whatever would change images, projects or accounts is refused. */
  readonly readOnly?: boolean;
  /** How caches reach their upstreams, and how long they believe a tag. */
  readonly upstreams?: { readonly open: OpenUpstream; readonly tagMilliseconds: number };
  /** OIDC providers that people may sign in with. */
  readonly providers?: readonly OutsideProvider[];
  /** How outside issuers are asked for their keys, and which of them may lie in a private network. */
  readonly issuers?: { readonly fetch: FetchDocument; readonly mayAsk: (issuer: URL) => boolean };
  /** Keeps pushes and deletions for others, in their transactions. */
  readonly outbox?: Outbox | undefined;
  /** Told of everything that the audit log is told of. */
  readonly onEvent?: (event: AuditEvent) => void;
  readonly isOurAudience: (audience: string) => boolean;
  readonly now: () => number;
  readonly log: ErrorLog;
}

/** Every domain of one installation, put together over its storage. Each face takes what it needs of it. */
export type Installation = Awaited<ReturnType<typeof openInstallation>>;

export async function openInstallation(foundations: Foundations) {
  const { store, accountDomain, rates, isOurAudience, now, log, upstreams = noUpstreams } = foundations;
  const { graceMilliseconds = graceMillisecondsDefault, readOnly = false, providers = [] } = foundations;
  const { issuers = noIssuers } = foundations;
  const chosen = await choose(foundations.metadata, { id: randomUUID(), accountDomain });
  const signingKeys = await SigningKeys.open(foundations.metadata, now);
  const audit = new Audit({
    metadata: foundations.metadata,
    signingKeys,
    installationId: chosen.id,
    now,
    log,
    onEvent: foundations.onEvent,
  });
  const metadata = audit.watch(foundations.metadata);
  const trouble: SignInTrouble = ({ what, email, address }) => {
    const from = { address, agent: "" };
    audit.note({ kind: "session", action: what, detail: { email }, who: nobody, from });
    if (what === "slowed") log({ email, address }, "somebody guesses a password, and is slowed");
  };
  const tokens = new ServiceTokens(signingKeys, chosen.id);
  const assertions = new Assertions(metadata, isOurAudience, now);
  const policies = new Policies(metadata, now);
  const access = new Access(metadata, now);
  const provenance = new Provenance(metadata, mayActAs(access), now);
  const authenticator = new Authenticator(metadata, tokens, assertions, new KeyProof(metadata, now), provenance, now);
  const registry = {
    manifests: new Manifests(metadata, new ImageTimes(metadata, store), now, foundations.outbox),
    blobs: new Blobs(metadata, store, now, foundations.redirectBlobs),
    uploads: new Uploads(metadata, store, now),
    caches: await Caches.open(metadata),
  };
  // Nothing is brought to a read-only server: its caches serve what they have.
  const caches = readOnly ? new Caches(metadata) : registry.caches;
  const pullThrough = new PullThrough({ ...registry, caches, metadata, store, ...upstreams, now, log });
  const credentialUses = new CredentialUses(metadata, now);
  const doorkeeper = new Doorkeeper(
    authenticator,
    new RateLimits(rates, now),
    credentialUses,
    new Places(metadata, now),
    audit,
  );
  const people = openPeople({ metadata, accountDomain: chosen.accountDomain, providers, trouble, now });
  return {
    metadata,
    now,
    log,
    readOnly,
    signingKeys,
    tokens,
    assertions,
    policies,
    authenticator,
    audit,
    doorkeeper,
    credentialUses,
    access,
    groups: new Groups(metadata, now),
    customRoles: new CustomRoles(metadata, now),
    denyPolicies: new DenyPolicies(metadata, now),
    constraints: new Constraints(metadata, now),
    revocations: new Revocations(metadata, tokens, now),
    accountSigner: new AccountSigner(metadata, now),
    impersonation: new Impersonation(metadata, access, tokens, signingKeys, now),
    projects: new Projects(metadata, policies, now),
    workloadIdentity: new WorkloadIdentity(metadata, new IssuerKeys(issuers.fetch, now), issuers.mayAsk, now),
    serviceAccounts: new ServiceAccounts(metadata, chosen.accountDomain, now),
    serviceAccountKeys: new ServiceAccountKeys(metadata, now),
    ...people,
    keyLogins: new KeyLogins({ logins: people.logins, authenticator, doorkeeper, audit }),
    ...registry,
    describedImages: new DescribedImages(registry.manifests, registry.blobs),
    pullThrough,
    imports: new ImageImports({ ...registry, metadata, pullThrough, open: upstreams.open, now }),
    garbage: new Garbage(metadata, store, { graceMilliseconds }, now),
    scrub: new Scrub(metadata, store, now),
    rules: new RuleBook(metadata, now),
    cleanup: new Cleanup(metadata, now),
  };
}

/** A server that was given no way out. */
const noUpstreams = {
  open: (): never => {
    throw new Error("this server has no way to other registries");
  },
  tagMilliseconds: 0,
};

const noIssuers = {
  fetch: (): never => {
    throw new Error("this server has no way out");
  },
  mayAsk: () => false,
};

/** Settings that would change what existing names and tokens mean are chosen at the first start and stay. */
async function choose<Choice extends Record<string, string>>(metadata: Metadata, wanted: Choice): Promise<Choice> {
  await metadata.write(async (write) => {
    for (const [key, value] of Object.entries(wanted)) await chooseOnce(write, key, value);
  });
  const stored = await readInstallation(metadata.read);
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, stored.get(key) ?? ""])) as Choice;
}
