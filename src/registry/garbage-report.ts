/** What a collection did, or would do. */
export interface GarbageReport {
  /** Manifests that nothing needs and a rule let go, and those of deleted projects. */
  readonly manifests: number;
  /** Blobs of a repository that no manifest names: hidden from readers now, to be taken from it after the grace period. */
  readonly hidden: number;
  /** Blobs taken from a repository. */
  readonly links: number;
  /** Blobs that no repository has any more. */
  readonly blobs: number;
  /** Bytes of those blobs. */
  readonly bytes: number;
  readonly repositories: number;
  /** Objects whose bytes were removed from the store. */
  readonly objects: number;
  /** Bytes removed from the store. */
  readonly removedBytes: number;
}

export const nothingCollected: GarbageReport = {
  manifests: 0,
  hidden: 0,
  links: 0,
  blobs: 0,
  bytes: 0,
  repositories: 0,
  objects: 0,
  removedBytes: 0,
};

export function addReports(...reports: readonly Partial<GarbageReport>[]): GarbageReport {
  const sum = (key: keyof GarbageReport) => reports.reduce((total, report) => total + (report[key] ?? 0), 0);
  const keys = Object.keys(nothingCollected) as (keyof GarbageReport)[];
  return Object.fromEntries(keys.map((key) => [key, sum(key)])) as unknown as GarbageReport;
}
