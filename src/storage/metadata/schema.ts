import type { Generated, Kysely, Transaction } from "kysely";
import type { AccessTables } from "./access-tables.ts";
import type { AuditTables } from "./audit-tables.ts";
import type { StorageSamplesTable } from "./console-tables.ts";
import type { FederationTables } from "./federation-tables.ts";
import type { MovingTables } from "./moving-tables.ts";
import type { PeopleTables } from "./people-tables.ts";
import type { RegistryTables } from "./registry-tables.ts";
import type { RulesTables } from "./rules-tables.ts";
import type { TokenTables } from "./token-tables.ts";
import type { UpstreamTables } from "./upstream-tables.ts";
import type { WebhookTables } from "./webhook-tables.ts";

/**
 * What lies in the database, the same on SQLite and PostgreSQL.
 *
 * ```
 * installation ─ what was chosen once (account domain, compatibility, id)        versions ─ policy version
 * projects ─┬─ service_accounts ── service_account_keys ── spent_assertions    signing_keys ─ ours, for tokens
 *           ├─ repositories (location, project, name) ─┬─ manifests ── manifest_references, image_times
 *           │                                          ├─ tags, tag_history
 *           │                                          ├─ name_ends (for searching)
 *           │                                          └─ blob_links ─→ blobs ─→ objects
 *           ├─ rules (also of a repository), project_limits, project_blobs, storage_samples
 *           └─ uploads ─→ object being written
 * policies ── bindings (resource, role, member)          users ─ passwords, passkeys, outside_identities, sessions
 * logins ── refresh_tokens                            one_time_codes, device_codes
 * groups ── group_members    custom_roles (project)    deny_policies, constraints ─ what no binding can grant
 * workload_identity_pools (project) ── workload_identity_providers          revoked_tokens
 * audit_pending ─→ audit_entries, audit_checkpoints     audit_uses, audit_pulls ─ what happened
 * webhook_deliveries ─ events that wait for their receivers
 * reviews ─ what may have become garbage          removed_objects ─ bytes to be removed
 * moves, move_changes ─ while the installation moves to other storage
 * ```
 *
 * - Ids are immutable and never reused; bindings and tokens hold ids, so a re-created name inherits nothing.
 *   Rows that tokens or bindings may still name are marked deleted, not removed.
 * - A blob's bytes are an object under a key of its own; `blobs` maps a digest to its object. A blob exists for a
 *   caller only through a row of `blob_links` in the caller's repository.
 * - Times are milliseconds since 1970, UTC. A `*_at` that is null has not happened.
 */
export interface Schema
  extends AccessTables,
    AuditTables,
    FederationTables,
    MovingTables,
    PeopleTables,
    RegistryTables,
    RulesTables,
    TokenTables,
    UpstreamTables,
    WebhookTables {
  readonly installation: InstallationTable;
  readonly versions: VersionsTable;
  readonly projects: ProjectsTable;
  readonly service_accounts: ServiceAccountsTable;
  readonly service_account_keys: ServiceAccountKeysTable;
  readonly policies: PoliciesTable;
  readonly bindings: BindingsTable;
  readonly repositories: RepositoriesTable;
  readonly objects: ObjectsTable;
  readonly blobs: BlobsTable;
  readonly blob_links: BlobLinksTable;
  readonly uploads: UploadsTable;
  readonly manifests: ManifestsTable;
  readonly manifest_references: ManifestReferencesTable;
  readonly image_times: ImageTimesTable;
  readonly tags: TagsTable;
  readonly tag_history: TagHistoryTable;
  readonly reviews: ReviewsTable;
  readonly removed_objects: RemovedObjectsTable;
  readonly storage_samples: StorageSamplesTable;
}

/** A handle that may only read. */
export type Reader = Pick<Kysely<Schema>, "selectFrom">;
/** A handle inside a transaction, which may write. */
export type Writer = Transaction<Schema>;

interface InstallationTable {
  key: string;
  value: string;
}

interface VersionsTable {
  name: "policy";
  value: number;
}

interface ProjectsTable {
  /** The project number: digits. */
  id: string;
  /** `my-project`, or `example.com:my-project` for a domain-scoped project. */
  name: string;
  display_name: string;
  created_at: number;
  deleted_at: number | null;
}

interface ServiceAccountsTable {
  /** 21 digits, Google's `uniqueId`. */
  id: string;
  project_id: string;
  email: string;
  display_name: string;
  description: string;
  etag: string;
  created_at: number;
  disabled_at: number | null;
  deleted_at: number | null;
  /** The workloads that alone may use it, as JSON; empty for no such limit. */
  workloads: Generated<string>;
}

interface ServiceAccountKeysTable {
  /** The key's `private_key_id` and the `kid` of what it signs: 40 hex digits, chosen here. */
  id: string;
  service_account_id: string;
  /**
   * Only for a key that this installation generated may an assertion leave our audience out: not for an uploaded one,
   * and not for one that came with a backup of another installation (docs/decisions/0009).
   */
  origin: "generated" | "uploaded" | "restored";
  /** SPKI PEM. The private half is never stored. */
  public_key: string;
  created_at: number;
  expires_at: number | null;
  disabled_at: number | null;
  deleted_at: number | null;
  /** When the private half was first sent here as a password. */
  exposed_at: number | null;
}

/** What a policy is attached to, by immutable id. A location is that of one project. */
export type ResourceKey =
  | "installation"
  | `project/${string}`
  | `location/${string}`
  /** `prefix/PROJECT-ID/LOCATION/team`: every repository below `team/`. */
  | `prefix/${string}`
  | `repository/${string}`
  | `serviceAccount/${string}`
  /** What limits the grants on a project or the installation: deny rules and constraints. */
  | `guard/${string}`;

/** Who a binding names: users, service accounts and groups by immutable id, the others by name. */
export type MemberKey =
  | "allUsers"
  | "allAuthenticatedUsers"
  | `user:${string}`
  | `serviceAccount:${string}`
  | `group:${string}`
  | `domain:${string}`
  | `principal:${string}`
  | `principalSet:${string}`;

interface PoliciesTable {
  resource: ResourceKey;
  etag: string;
  updated_at: number;
}

interface BindingsTable {
  resource: ResourceKey;
  member: MemberKey;
  role: string;
  /** Google's `expr` object as JSON, empty for none. */
  condition: string;
}

interface RepositoriesTable {
  id: string;
  location: string;
  project_id: string;
  /** The path below the project: `image` or `team/image`. */
  name: string;
  created_at: number;
}

interface ObjectsTable {
  key: string;
  size: number;
  created_at: number;
}

interface BlobsTable {
  digest: string;
  object_key: string;
  size: number;
  created_at: number;
  verified_at: number;
  /** Set when a scrub found other bytes than the digest says; refused from then on. */
  quarantined_at: number | null;
}

interface BlobLinksTable {
  repository_id: string;
  digest: string;
  created_at: number;
  /** Set when nothing needs the link any more: readers no longer find the blob, a manifest may still name it. */
  hidden_at: number | null;
}

interface UploadsTable {
  id: string;
  location: string;
  project_id: string;
  /** The repository's name; its row appears only when something is committed. */
  repository_name: string;
  /** Who opened it, and who alone may continue it. */
  principal: string;
  object_key: string;
  /** Bytes received and stored. */
  size: number;
  created_at: number;
  expires_at: number;
  /** The request that writes it, of whichever node; empty for none. */
  turn: Generated<string>;
  /** Grows while that request lives. */
  beat: Generated<number>;
}

interface ManifestsTable {
  repository_id: string;
  digest: string;
  media_type: string;
  artifact_type: string | null;
  subject_digest: string | null;
  /** Bytes of the manifest itself. */
  size: number;
  /** Bytes of the manifest's config and layers, or of an index's children. */
  image_size: number;
  created_at: number;
  pushed_by: string;
  body: Uint8Array;
}

export type ReferenceKind = "config" | "layer" | "child" | "subject";

interface ManifestReferencesTable {
  repository_id: string;
  manifest_digest: string;
  position: number;
  kind: ReferenceKind;
  digest: string;
  media_type: string;
  size: number;
}

/** When images were made, where their configuration said so at the push. */
interface ImageTimesTable {
  repository_id: string;
  digest: string;
  image_created_at: number;
}

interface TagsTable {
  repository_id: string;
  name: string;
  digest: string;
  updated_at: number;
}

interface TagHistoryTable {
  id: Generated<number>;
  repository_id: string;
  name: string;
  from_digest: string | null;
  to_digest: string | null;
  changed_at: number;
  changed_by: string;
}

export type ReviewKind = "blob" | "manifest" | "repository" | "project";

/** What changed in a way that may have made garbage of something, until it is looked at. */
interface ReviewsTable {
  kind: ReviewKind;
  /** Of a project that was deleted, the project's own. */
  repository_id: string;
  /** Empty for a repository and a project. */
  digest: string;
  /** When the subject last changed. */
  since: number;
  /** Until then one node has it. */
  leased_until: number;
}

/** Objects whose rows are gone, until their bytes are. */
interface RemovedObjectsTable {
  key: string;
  size: number;
  since: number;
  leased_until: number;
}
