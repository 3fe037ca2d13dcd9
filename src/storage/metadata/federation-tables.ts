/** Outside identities. */
export interface FederationTables {
  readonly workload_identity_pools: WorkloadIdentityPoolsTable;
  readonly workload_identity_providers: WorkloadIdentityProvidersTable;
}

/** Where outside identities come in. A name stays taken after its pool was deleted. */
interface WorkloadIdentityPoolsTable {
  id: string;
  project_id: string;
  name: string;
  display_name: string;
  description: string;
  created_at: number;
  disabled_at: number | null;
  deleted_at: number | null;
}

/** Whom a pool believes. */
interface WorkloadIdentityProvidersTable {
  id: string;
  pool_id: string;
  name: string;
  display_name: string;
  description: string;
  /** JSON, as src/identity/federation/provider-settings.ts reads it. */
  settings: string;
  created_at: number;
  disabled_at: number | null;
  deleted_at: number | null;
}
