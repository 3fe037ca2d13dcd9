/** The tables of rules and limits. */
export interface RulesTables {
  readonly rules: RulesTable;
  readonly project_limits: ProjectLimitsTable;
  readonly project_blobs: ProjectBlobsTable;
}

/** The rules of a project (then `repository_id` is empty), or of one repository. */
interface RulesTable {
  project_id: string;
  repository_id: string;
  etag: string;
  /** JSON, as src/registry/rules/rules.ts reads it. */
  body: string;
  updated_at: number;
}

/** What a project uses and may use. A row comes with the first byte or the first limit. */
interface ProjectLimitsTable {
  project_id: string;
  /** Bytes of its distinct blobs and of its manifests, kept by whatever links, stores or removes one. */
  used_bytes: number;
  /** Null for no limit. */
  bytes_max: number | null;
  /** Since when nothing may be pushed or deleted; null where that goes on. */
  read_only_at: number | null;
}

/** How many of a project's repositories have a blob. It counts once however many do. */
interface ProjectBlobsTable {
  project_id: string;
  digest: string;
  links: number;
}
