/** A real server over a folder of its own, with something in it, and the commands that its owner types. */
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../src/registry/digest.ts";
import { objectPath } from "../../src/storage/blobs/filesystem.ts";
import { type Connection, emptyLedger, type Ledger, pushRandomImage, send } from "../faults/pusher.ts";
import { seeded } from "../faults/random.ts";
import { ownerAuthorization, type ServerProcess, startServerProcess } from "../faults/server-process.ts";

export interface InstallationFolder {
  readonly folder: string;
  readonly data: string;
  readonly ledger: Ledger;
  server: ServerProcess;
  connection: Connection;
  close(): Promise<void>;
}

/** @param images how many to push */
export async function startInstallation(images: number): Promise<InstallationFolder> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-operations-"));
  const data = join(folder, "data");
  const server = await startServerProcess(data);
  const connection = { origin: server.origin, authorization: await ownerAuthorization(server, data) };
  const installation: InstallationFolder = {
    folder,
    data,
    ledger: emptyLedger(),
    server,
    connection,
    async close() {
      await installation.server.kill();
      rmSync(folder, { recursive: true });
    },
  };
  const random = seeded(images);
  for (let image = 0; image < images; image++) await pushImage(installation, random);
  return installation;
}

export async function pushImage(
  { connection, ledger }: InstallationFolder,
  random = seeded(Date.now()),
): Promise<void> {
  await pushRandomImage(connection, "waybill-admin/image", random, ledger);
}

/** Pushes a blob that no manifest names; answers its path. */
export async function pushBlob({ connection }: InstallationFolder, content: string): Promise<string> {
  const digest = digestOf(Buffer.from(content));
  const path = `/v2/waybill-admin/image/blobs/uploads/?digest=${digest}`;
  await send(connection, path, { method: "POST", body: content });
  return `/v2/waybill-admin/image/blobs/${digest}`;
}

/** Changes one byte of a blob behind everybody's back; answers its digest. */
export function damageOneBlob(data: string): string {
  const database = new Database(join(data, "metadata.sqlite"), { readonly: true });
  const row = database.query("select digest, object_key as key from blobs order by digest limit 1").get();
  database.close();
  const { digest, key } = row as { digest: string; key: string };
  const path = objectPath(join(data, "objects"), key);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  return digest;
}

/** What a query of the installation's database answers. */
export function query(data: string, sql: string): unknown[] {
  const database = new Database(join(data, "metadata.sqlite"), { readonly: true });
  try {
    return database.query(sql).all();
  } finally {
    database.close();
  }
}

/** Makes everything in the installation look as if it had last changed so long ago. */
export function age(data: string, milliseconds: number): void {
  const database = new Database(join(data, "metadata.sqlite"));
  database.run("pragma busy_timeout=5000");
  database.query("update reviews set since = since - ?").run(milliseconds);
  database.query("update removed_objects set since = since - ?").run(milliseconds);
  database.close();
}
