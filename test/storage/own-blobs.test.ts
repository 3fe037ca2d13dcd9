import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { S3Error } from "../../src/storage/blobs/s3-error.ts";
import { requireOwnBlobs } from "../../src/storage/own-blobs.ts";
import { pushBlobs, type Registry, startRegistry } from "../http/distribution/exchanges.ts";

setDefaultTimeout(60_000);

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.server.close());

test("a store that has nothing of what the database knows is refused, one that lost some or does not answer is not", async () => {
  const { metadata, store } = registry.server;
  const empty = { stat: async () => undefined };
  await pushBlobs(registry, "my-project/image", "one", "two");
  await requireOwnBlobs(metadata.read, empty);
  await pushBlobs(registry, "my-project/image", "three", "four");
  expect(requireOwnBlobs(metadata.read, empty)).rejects.toThrow(/is --blobs the place/);
  await requireOwnBlobs(metadata.read, store);
  let asked = 0;
  await requireOwnBlobs(metadata.read, { stat: async () => (asked++ < 3 ? undefined : 4) });
  const away = async () => {
    throw new S3Error("StoreAway", "the store does not answer");
  };
  await requireOwnBlobs(metadata.read, { stat: away });
});
