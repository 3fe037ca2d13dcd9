import { Database } from "bun:sqlite";
import { afterEach, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { join } from "node:path";
import { Garbage } from "../../src/registry/garbage.ts";
import { openFilesystemBlobs } from "../../src/storage/blobs/filesystem.ts";
import { play, type Registry, startRegistry } from "../http/distribution/exchanges.ts";
import { pushImage, smallImage } from "./small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const half = 60_000;
let registry: Registry;
afterEach(() => registry.server.close());

test("a collection after one delete makes the same statements in a store of ten images and of three hundred", async () => {
  const small = await costOfOneDelete(10);
  await registry.server.close();
  const large = await costOfOneDelete(300);
  expect(large).toEqual(small);
  expect(small.length).toBeLessThan(80);
}, 60_000);

test("no statement of a collection reads a table from end to end", async () => {
  const statements = new Set(await costOfOneDelete(10));
  const database = new Database(join(registry.server.folder, "metadata.sqlite"), { readonly: true });
  for (const sql of statements) {
    const plan = database.query(`explain query plan ${sql}`).all() as { detail: string }[];
    const scans = plan.filter(({ detail }) => /\bSCAN\b/.test(detail) && !/CONSTANT ROW|VALUES CLAUSE/.test(detail));
    expect({ sql, scans }).toEqual({ sql, scans: [] });
  }
  database.close();
});

/** Every statement that collections make from the delete of one image among so many on, to when nothing is left to do. */
async function costOfOneDelete(images: number): Promise<string[]> {
  registry = await startRegistry();
  const { metadata, folder, clock } = registry.server;
  const store = await openFilesystemBlobs(join(folder, "objects"));
  const garbage = new Garbage(metadata, store, { graceMilliseconds: 2 * half }, () => clock.now);
  const token = registry.callers.pusher.authorization.slice("Bearer ".length);
  for (let number = 0; number < images; number++) {
    await pushImage(registry.server, `my-project/image-${number % 7}`, `v${number}`, smallImage(`${number}`), token);
  }
  clock.now += half;
  await garbage.collect();
  await play(registry, [{ send: `DELETE /v2/my-project/image-0/manifests/${smallImage("0").digest}`, status: 202 }]);
  const query = spyOn(Database.prototype, "query");
  for (let time = 0; time < 4; time++) {
    clock.now += half;
    await garbage.collect();
  }
  // What the audit log still had to write down comes whenever it comes.
  const statements = query.mock.calls.map(([sql]) => sql).filter((sql) => !sql.includes("audit_"));
  query.mockRestore();
  expect(await metadata.read.selectFrom("blobs").selectAll().execute()).toHaveLength(2 * images - 2);
  return statements;
}
