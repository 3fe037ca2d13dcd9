import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { clientTest } from "../clients/client-test.ts";
import { makeImage } from "../clients/image.ts";
import { buildah, checkClient, docker, type ImageClient, podman, skopeo } from "../clients/image-client.ts";
import { keyOf } from "../clients/ways.ts";
import { createWorld, PROJECT, type World } from "../clients/world.ts";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";
import { type RecordingProxy, startRecordingProxy } from "./recording-proxy.ts";

setDefaultTimeout(180_000);

/** Blobs through the registry, where a client sees nothing of the store, and from the store itself. */
const ways: [string, readonly string[], readonly ImageClient[]][] = [
  ["that passes bytes through", [], [skopeo]],
  ["that sends clients to the store", ["--redirect-blobs"], [docker(), podman, skopeo, buildah, checkClient]],
];

const missing = radosgwMissing();
if (missing) console.error(`${missing}: real clients of a registry on S3`);

for (const [name, options, clients] of ways) {
  describe.skipIf(missing !== undefined)(`a registry on S3 ${name}${missing ? ` (${missing})` : ""}`, () => {
    let proxy: RecordingProxy;
    let world: World;
    beforeAll(async () => {
      const { endpoint, env, bucket } = await sharedRadosgw();
      proxy = startRecordingProxy(endpoint);
      const blobs = `s3://${await bucket()}/images?endpoint=${proxy.endpoint}`;
      world = await createWorld({ env, serve: [`--blobs=${blobs}`, ...options] });
    });
    afterAll(async () => {
      await world?.[Symbol.asyncDispose]();
      await proxy?.[Symbol.asyncDispose]();
    });

    for (const client of clients) {
      clientTest(`${client.name} pushes, and pulls the same`, client.needs, async () => {
        const image = makeImage();
        const reference = `${world.server.host}/${PROJECT}/from-${client.name.replace(" ", "-")}:1`;
        await using sandbox = await world.enter();
        await client.login(sandbox, world.server.host, {
          username: "_json_key",
          password: await keyOf(world.writer),
        });
        await client.load(sandbox, image, reference);
        await client.push(sandbox, reference);
        const before = proxy.requests.length;
        expect(await client.pull(sandbox, reference)).toBe(image.id);
        const linked = proxy.requests.slice(before).filter(({ query }) => query.has("X-Amz-Signature"));
        expect(linked.length > 0).toBe(options.length > 0);
        for (const { method, query, headers } of linked) {
          expect(method).toBe("GET");
          expect(Number(query.get("X-Amz-Expires"))).toBeLessThanOrEqual(60);
          // The registry's token is none of the store's business.
          expect(headers.get("authorization")).toBeNull();
        }
      });
    }
  });
}
