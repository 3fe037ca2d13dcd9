/** From what one operation costs to what a registry of a size needs. Pure: everything is a parameter. */

/** What a bench measured of one operation. */
export interface OperationCost {
  readonly cpuSeconds: number;
  readonly statements: number;
  /** Pages of 8 KiB that PostgreSQL looked at. */
  readonly pages: number;
  /** Rows written. */
  readonly rowsWritten: number;
  /** Requests to the store, by method. */
  readonly store: Readonly<Record<string, number>>;
}

export interface MeasuredCosts {
  /** With its token exchange; blobs redirected to the store. */
  readonly pull: OperationCost;
  /** With its token exchange. */
  readonly push: OperationCost;
  /** Blobs in an image, its configuration among them. */
  readonly blobsPerImage: number;
}

/** What the reader changes. Prices in US dollars. */
export interface Assumptions {
  readonly pullsPerPush: number;
  /** Busiest second over the day's average. */
  readonly peakOverAverage: number;
  /** Of each core, at the peak. */
  readonly coreShareMax: number;
  readonly coresPerNode: number;
  /** Nodes that may be away at the peak. */
  readonly spareNodes: number;
  /** Bytes of a blob, on average. */
  readonly blobBytes: number;
  /** Blobs of a pull that its client does not have yet. */
  readonly blobsMissingShare: number;
  /** Page look-ups that PostgreSQL's memory does not answer. */
  readonly pageMissShare: number;
  readonly daysKept: number;
  readonly dollarsPerThousandWrites: number;
  readonly dollarsPerThousandReads: number;
  readonly dollarsPerGigabyteMonth: number;
  readonly dollarsPerGigabyteOut: number;
  readonly pricesOf: string;
}

/** List prices of S3 Standard, us-east-1, as remembered in 2025. They are the reader's to change. */
export const assumptions: Assumptions = {
  pullsPerPush: 100,
  peakOverAverage: 4,
  coreShareMax: 0.5,
  coresPerNode: 4,
  spareNodes: 1,
  blobBytes: 10_000_000,
  blobsMissingShare: 0.3,
  pageMissShare: 0.02,
  daysKept: 365,
  dollarsPerThousandWrites: 0.005,
  dollarsPerThousandReads: 0.0004,
  dollarsPerGigabyteMonth: 0.023,
  dollarsPerGigabyteOut: 0.09,
  pricesOf: "S3 Standard us-east-1 list prices, not looked up again since 2025",
};

export interface Capacity {
  readonly pullsPerDay: number;
  readonly peakPullsPerSecond: number;
  readonly nodes: number;
  readonly statementsPerSecond: number;
  readonly rowsWrittenPerSecond: number;
  /** Reads of pages that are not in memory, at the peak. */
  readonly readIops: number;
  readonly blobsStored: number;
  readonly storeReadsPerDay: number;
  readonly storeWritesPerDay: number;
  readonly storedTerabytes: number;
  readonly dollarsPerMonth: { readonly requests: number; readonly storage: number; readonly traffic: number };
}

const secondsPerDay = 86_400;
const daysPerMonth = 30;
const gigabyte = 1e9;
const writes: ReadonlySet<string> = new Set(["PUT", "POST", "LIST"]);

export function capacity(pullsPerDay: number, costs: MeasuredCosts, given: Assumptions): Capacity {
  const pushesPerDay = pullsPerDay / given.pullsPerPush;
  const peak = (perPull: number, perPush: number) =>
    ((pullsPerDay * perPull + pushesPerDay * perPush) / secondsPerDay) * given.peakOverAverage;
  const { pull, push, blobsPerImage } = costs;
  const cores = peak(pull.cpuSeconds, push.cpuSeconds) / given.coreShareMax;
  const blobsPulledPerDay = pullsPerDay * blobsPerImage * given.blobsMissingShare;
  const blobsStored = pushesPerDay * blobsPerImage * given.daysKept;
  const requests = (isWrite: boolean) => (store: OperationCost["store"]) =>
    Object.entries(store).reduce((sum, [method, count]) => (writes.has(method) === isWrite ? sum + count : sum), 0);
  // What the nodes ask, and what clients fetch along a redirect.
  const storeReadsPerDay =
    pullsPerDay * requests(false)(pull.store) + pushesPerDay * requests(false)(push.store) + blobsPulledPerDay;
  const storeWritesPerDay = pullsPerDay * requests(true)(pull.store) + pushesPerDay * requests(true)(push.store);
  const storedBytes = blobsStored * given.blobBytes;
  const thousands = (perDay: number) => (perDay * daysPerMonth) / 1000;
  return {
    pullsPerDay,
    peakPullsPerSecond: peak(1, 0),
    nodes: Math.max(1, Math.ceil(cores / given.coresPerNode)) + given.spareNodes,
    statementsPerSecond: peak(pull.statements, push.statements),
    rowsWrittenPerSecond: peak(pull.rowsWritten, push.rowsWritten),
    readIops: peak(pull.pages, push.pages) * given.pageMissShare,
    blobsStored,
    storeReadsPerDay,
    storeWritesPerDay,
    storedTerabytes: storedBytes / 1e12,
    dollarsPerMonth: {
      requests:
        thousands(storeReadsPerDay) * given.dollarsPerThousandReads +
        thousands(storeWritesPerDay) * given.dollarsPerThousandWrites,
      storage: (storedBytes / gigabyte) * given.dollarsPerGigabyteMonth,
      traffic: ((blobsPulledPerDay * daysPerMonth * given.blobBytes) / gigabyte) * given.dollarsPerGigabyteOut,
    },
  };
}

/**
 * How deep a B-tree is that has so many times the entries of one that was measured: a level more for each factor of the
 * entries in a page.
 */
export function depthAt(measuredDepth: number, measuredRows: number, rows: number, entriesPerPage: number): number {
  if (rows <= measuredRows) return measuredDepth;
  return measuredDepth + Math.max(0, Math.ceil(Math.log(rows / measuredRows) / Math.log(entriesPerPage) - 0.5));
}
