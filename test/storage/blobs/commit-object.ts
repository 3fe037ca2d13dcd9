/**
 * Writes one object of so many bytes and commits it, then says `committed` or why not; after a failure it tries once more.
 * `commit-object.ts FOLDER KEY BYTES`
 */
import { openFilesystemBlobs } from "../../../src/storage/blobs/filesystem.ts";

const [folder = "", key = "", bytes] = process.argv.slice(2);
const store = await openFilesystemBlobs(folder);
const writer = await store.append(key, 0);
await writer.write([new Uint8Array(Number(bytes))]);
await writer.close();
const commit = () =>
  store.commit(key, Number(bytes)).then(
    () => "committed",
    (error: Error) => `${error.message}: ${(error.cause as Error)?.message}`,
  );
const said = await commit();
console.log(said);
if (said !== "committed") console.log(`then ${await commit()}`);
