import { Database } from "bun:sqlite";
import { test } from "bun:test";
import { join } from "node:path";
import { digestOf, play, pushBlobs, startRegistry } from "../../http/distribution/exchanges.ts";
import { smallImage } from "../small-image.ts";

test("a pull asks no rule, no quota and no counter: it goes on without their tables", async () => {
  const registry = await startRegistry();
  const { blobs, manifest, mediaType, digest } = smallImage("a");
  const image = "/v2/my-project/image";
  for (const blob of blobs) await pushBlobs(registry, "my-project/image", blob.toString());
  const headers = { "content-type": mediaType };
  await play(registry, [{ send: `PUT ${image}/manifests/v1`, headers, body: manifest, status: 201 }]);

  const database = new Database(join(registry.server.folder, "metadata.sqlite"), { strict: true });
  for (const table of ["rules", "project_limits", "project_blobs"]) database.run(`drop table ${table}`);
  database.close();
  const blob = `${image}/blobs/${digestOf(blobs[0] ?? "")}`;
  for (const as of ["reader", "pusher"] as const) {
    await play(registry, [
      { send: `GET ${image}/manifests/v1`, as, status: 200, bytes: manifest },
      { send: `GET ${image}/manifests/${digest}`, as, status: 200, bytes: manifest },
      { send: `HEAD ${image}/manifests/v1`, as, status: 200 },
      { send: `GET ${blob}`, as, status: 200, bytes: blobs[0] ?? "" },
      { send: `HEAD ${blob}`, as, status: 200 },
      { send: `GET ${image}/tags/list`, as, status: 200 },
    ]);
  }
  await registry.server.close();
});
