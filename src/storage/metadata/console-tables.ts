/** How much a project stored at the end of each day, or at the last look on the current one. */
export interface StorageSamplesTable {
  project_id: string;
  /** Days since 1970, UTC. */
  day: number;
  used_bytes: number;
}
