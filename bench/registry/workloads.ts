/** What is measured, and what was set out to be reached. */
import type { Job } from "./load.ts";

/** How many times a peer's best our median is to be, by the peer's name. */
export type Goals = Readonly<Record<string, number>>;

export interface Read {
  readonly what: string;
  readonly path: "tag" | "digest" | "small" | "large";
  readonly connections: number;
  readonly goals: Goals;
}

export interface Load {
  readonly what: string;
  readonly job: Pick<Job, "does" | "style" | "sizes" | "clients" | "unique">;
  /** Iterations of one round. */
  readonly iterations: number;
  readonly goals: Goals;
  /** The 99th percentile of ours over each peer's is to be at most this. */
  readonly p99Goal?: number;
  /** Whether the bare hash, write and sync of the same bytes is measured beside it. */
  readonly limit?: boolean;
}

const megabyte = 1024 * 1024;
const manifestGoals = { "docker-registry": 20, distribution: 6 };

export const reads: readonly Read[] = [
  { what: "manifest GET by tag", path: "tag", connections: 16, goals: manifestGoals },
  { what: "manifest GET by digest", path: "digest", connections: 16, goals: manifestGoals },
  { what: "blob GET, 8 KiB", path: "small", connections: 16, goals: manifestGoals },
  { what: "blob GET, 100 MiB", path: "large", connections: 4, goals: { "nginx (limit)": 0.9 } },
];

export const loads: readonly Load[] = [
  {
    ...load("blob PUT 100 MiB, unique, 1 client", "blob", 1, 4, { unique: true }),
    sizes: [100],
    goals: { "docker-registry": 1.7, "hash, write, sync (limit)": 0.7 },
    limit: true,
  },
  { ...load("blob PUT 100 MiB, unique, 4 clients", "blob", 4, 8, { unique: true }), sizes: [100] },
  ...[1, 10, 100].map((size) => ({ ...load(`Push Monolith ${size}MB`, "push", 8, iterationsOf(size)), sizes: [size] })),
  ...[1, 10, 100].map((size) => ({
    ...load(`Push Chunk Streamed ${size}MB`, "push", 8, iterationsOf(size), { style: "chunked" }),
    sizes: [size],
  })),
  { ...load("Push Monolith 10MB, unique", "push", 8, iterationsOf(10), { unique: true }), sizes: [10] },
  ...[1, 10, 100].map((size) => ({ ...load(`Pull ${size}MB`, "pull", 8, iterationsOf(size)), sizes: [size] })),
  { ...load("Pull 1MB, 64 clients", "pull", 64, 192), sizes: [1] },
  { ...load("Push Monolith 1MB, 64 clients, unique", "push", 64, 128, { unique: true }), sizes: [1] },
  {
    ...load("Pull 75% and Push 25% Mixed 1MB, 64 clients", "mixed", 64, 256, { unique: true }),
    sizes: [1],
    p99Goal: 0.5,
  },
  {
    ...load("Pull 75% and Push 25% Mixed 70/20/10, 64 clients", "mixed", 64, 128, { unique: true }),
    sizes: [1, 10, 100],
    p99Goal: 0.5,
  },
].map(({ sizes, does, style, clients, unique, ...rest }) => ({
  ...rest,
  job: { does, style, clients, unique, sizes: shares(sizes) },
}));

function load(
  what: string,
  does: Job["does"],
  clients: number,
  iterations: number,
  { style = "monolithic" as Job["style"], unique = false } = {},
) {
  const goals: Goals = {};
  return { what, does, style, clients, iterations, unique, goals };
}

/** Few enough for a round of seconds, and at least one for each client. */
function iterationsOf(size: number): number {
  return size === 1 ? 64 : size === 10 ? 24 : 8;
}

function shares(sizes: readonly number[]): Job["sizes"] {
  const percents = sizes.length === 1 ? [100] : [70, 20, 10];
  return sizes.map((size, index) => ({ bytes: size * megabyte, share: percents[index] ?? 0 }));
}
