/** The tables of caches, imports and how callers log in. */
export interface UpstreamTables {
  readonly upstreams: UpstreamsTable;
  readonly imports: ImportsTable;
  readonly import_items: ImportItemsTable;
  readonly credential_uses: CredentialUsesTable;
}

/** A project that is a cache of another registry, from its creation on. */
interface UpstreamsTable {
  project_id: string;
  /** `gcr.io` */
  host: string;
  /** What stands before an image's name there: `library`, or empty. */
  prefix: string;
  /** The token source that gives the credentials, by name; empty for an anonymous client. Never a credential itself. */
  credentials: string;
  created_at: number;
}

/** What is brought over into a cache whether anybody asks for it or not. */
export interface ImportsTable {
  project_id: string;
  location: string;
  state: "listing" | "copying" | "done";
  /** What last went wrong; empty for nothing. */
  message: string;
  started_at: number;
  updated_at: number;
}

/** One tag of an import. */
export interface ImportItemsTable {
  project_id: string;
  /** The path below the project. */
  repository: string;
  tag: string;
  state: "waiting" | "done" | "failed";
  tries: number;
  message: string;
}

/** When an account last came with a key in some way. */
interface CredentialUsesTable {
  account_id: string;
  key_id: string;
  way: string;
  last_used_at: number;
}
