/** Two nodes and one upload: whatever they do at the same time, what is committed is what its digest says. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../src/registry/digest.ts";
import { parseRepository } from "../../src/registry/repository.ts";
import { type ResolvedRepository, resolveRepository } from "../../src/registry/resolve.ts";
import { Uploads } from "../../src/registry/uploads.ts";
import { openFilesystemBlobs } from "../../src/storage/blobs/filesystem.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { openPostgres } from "../../src/storage/metadata/postgres.ts";
import { type Postgres, postgresMissing, startPostgres } from "../postgres.ts";
import { addProject } from "../storage/metadata/fixtures.ts";

setDefaultTimeout(60_000);
const missing = postgresMissing();
const writer = "serviceAccount:1";

describe.skipIf(missing !== undefined)(`an upload on two nodes${missing ? ` (${missing})` : ""}`, () => {
  let postgres: Postgres;
  let folder: string;
  let metadata: Metadata;
  let resolved: ResolvedRepository;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "waybill-turns-"));
    postgres = await startPostgres();
    metadata = await openPostgres(postgres.url);
    const project = await addProject(metadata);
    resolved = await resolveRepository(metadata, parseRepository(`${project.name}/app`, "default"));
  });
  afterAll(async () => {
    await metadata?.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A node of its own: it shares database and folder with the others, and nothing in memory. */
  async function node(over: Partial<Metadata> = {}) {
    const store = await openFilesystemBlobs(folder);
    return { store, uploads: new Uploads({ ...metadata, ...over }, store, Date.now) };
  }

  async function* of(...pieces: (string | Promise<unknown>)[]) {
    for (const piece of pieces) {
      if (typeof piece === "string") yield new Uint8Array(Buffer.from(piece));
      else await piece;
    }
  }

  async function stored(text: string): Promise<string> {
    const row = await metadata.read
      .selectFrom("blobs")
      .select("object_key as key")
      .where("digest", "=", digestOf(Buffer.from(text)))
      .executeTakeFirstOrThrow();
    const { store } = await node();
    return Buffer.from(await (await store.read(row.key)).bytes()).toString();
  }

  test("one writes at a time: the other waits for its end and goes on there", async () => {
    const [first, second] = [await node(), await node()];
    const { id } = await first.uploads.begin(resolved, writer);
    const more = Promise.withResolvers<void>();
    const writing = Promise.withResolvers<void>();
    const body = of("one ", more.promise, "two ");
    const one = first.uploads.append(id, { body, onWritten: () => writing.resolve() });
    await writing.promise;
    let isOver = false;
    const two = second.uploads.append(id, { body: of("three") }).finally(() => {
      isOver = true;
    });
    await Bun.sleep(300);
    expect(isOver).toBe(false);
    more.resolve();
    expect(await one).toBe(8);
    expect(await two).toBe(13);
    await first.uploads.finish(id, { body: of(), length: 0 }, digestOf(Buffer.from("one two three")));
    expect(await stored("one two three")).toBe("one two three");
  });

  test("a node that stands still in the middle of a write loses its turn, and what it writes later harms nothing", async () => {
    const thawed = Promise.withResolvers<void>();
    let isFrozen = false;
    const note: Metadata["note"] = async (change) => {
      if (isFrozen) await thawed.promise;
      return await metadata.note(change);
    };
    const [frozen, other] = [await node({ note }), await node()];
    const { id } = await frozen.uploads.begin(resolved, writer);
    await frozen.uploads.append(id, { body: of("begun ") });
    const writing = Promise.withResolvers<void>();
    const body = of("AAAA", thawed.promise, "AAAA");
    const lost = frozen.uploads.append(id, { body, onWritten: () => writing.resolve() });
    await writing.promise;
    isFrozen = true;
    expect(await other.uploads.append(id, { body: of("bbbbbbbb"), start: 6 })).toBe(14);
    isFrozen = false;
    thawed.resolve();
    await expect(lost).rejects.toThrow(/no such upload/);
    // The woken node hashed as many bytes, which are other ones: it must not believe itself.
    const wrong = digestOf(Buffer.from("begun AAAAAAAA"));
    const whole = "begun bbbbbbbb";
    await expect(frozen.uploads.finish(id, { body: of(), length: 0 }, wrong)).rejects.toThrow(/have the digest/);
    const again = await other.uploads.begin(resolved, writer);
    await other.uploads.finish(again.id, { body: of(whole) }, digestOf(Buffer.from(whole)));
    expect(await stored(whole)).toBe(whole);
  });
});
