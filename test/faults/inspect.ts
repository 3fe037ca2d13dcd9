/** What must be true of a registry after anything that may have happened to it. */
import { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../http/distribution/exchanges.ts";
import { type Connection, type Ledger, send } from "./pusher.ts";

/** Reads what was acknowledged, and what was not: the one is there and right, the other right or absent. */
export async function findWrong(from: Connection, { acknowledged, unanswered, wrong }: Ledger): Promise<string[]> {
  const found = [...wrong];
  for (const path of acknowledged) found.push(...(await readWhole(from, path, false)));
  for (const path of unanswered) found.push(...(await readWhole(from, path, true)));
  return found;
}

/** A manifest is whole with every blob that it names. */
async function readWhole(from: Connection, path: string, mayBeAbsent: boolean): Promise<string[]> {
  const answer = await send(from, path);
  const bytes = await answer.bytes();
  if (answer.status === 404 && mayBeAbsent) return [];
  if (answer.status !== 200) return [`${path}: ${answer.status} ${Buffer.from(bytes)}`];
  if (!path.endsWith(digestOf(bytes))) return [`${path}: other bytes than were pushed`];
  if (!path.includes("/manifests/")) return [];
  const { config, layers } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, { digest: string }[]>;
  const found: string[] = [];
  for (const { digest } of [config, layers].flat() as { digest: string }[]) {
    found.push(...(await readWhole(from, path.replace(/manifests\/.*/, `blobs/${digest}`), false)));
  }
  return found;
}

/** Object files that no row knows, and rows without their file. */
export function findStrayFiles(data: string): { orphans: string[]; missing: string[] } {
  const database = new Database(join(data, "metadata.sqlite"), { readonly: true });
  const keysOf = (sql: string) => (database.query(sql).all() as { key: string }[]).map(({ key }) => key);
  const blobs = keysOf("select key from objects");
  const known = new Set([...blobs, ...keysOf("select object_key as key from uploads")]);
  const removed = new Set(keysOf("select key from removed_objects"));
  database.close();
  const entries = readdirSync(join(data, "objects"), { recursive: true, withFileTypes: true });
  const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  return {
    orphans: [...files].filter((key) => !known.has(key) && !removed.has(key)),
    missing: blobs.filter((key) => !files.has(key)),
  };
}
