import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatBytes } from "../../../src/registry/rules/byte-count.ts";
import { readLimits, setBytesMax, setReadOnlyAt } from "../../../src/storage/metadata/limits.ts";
import {
  digestOf,
  inPieces,
  play,
  pushBlobs,
  type Registry,
  remains,
  startRegistry,
} from "../../http/distribution/exchanges.ts";
import { smallImage } from "../small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const image = "/v2/my-project/image";
const overQuota = { status: 403, code: "DENIED", message: /uses .* of its .* needs .* more/ } as const;

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.server.close());

const used = async () => (await readLimits(registry.server.metadata.read, registry.project.id)).usedBytes;
const allow = (bytes: number | null) =>
  registry.server.metadata.write((write) => setBytesMax(write, registry.project.id, bytes));
const upload = (content: string) => `POST ${image}/blobs/uploads/?digest=${digestOf(content)}`;

describe("a project's quota", () => {
  test("lets in what just fits, and refuses one byte more with the numbers and what mends it", async () => {
    await allow(10);
    await pushBlobs(registry, "my-project/image", "12345");
    const before = await remains(registry);
    const message =
      "the project uses 5 bytes of its 10 bytes, and this needs 6 bytes more: " +
      "delete images, or ask an administrator for a larger quota";
    const detail = { reason: "quota", usedBytes: 5, bytesMax: 10, neededBytes: 6 };
    await play(registry, [
      { send: upload("123456"), body: "123456", status: 403, json: { errors: [{ code: "DENIED", message, detail }] } },
    ]);
    expect({ ...(await remains(registry)) }).toEqual(before);
    await pushBlobs(registry, "my-project/image", "54321");
    expect(await used()).toBe(10);
  });

  test("counts a blob once in a project, and not at all what is there already", async () => {
    await pushBlobs(registry, "my-project/image", "12345");
    await allow(5);
    await pushBlobs(registry, "my-project/image", "12345");
    await pushBlobs(registry, "my-project/second", "12345");
    const mount = `mount=${digestOf("12345")}&from=my-project/image`;
    await play(registry, [{ send: `POST /v2/my-project/third/blobs/uploads/?${mount}`, status: 201 }]);
    expect(await used()).toBe(5);
  });

  test("refuses a mount from another project, and a manifest, that would pass it", async () => {
    const { blobs, manifest, mediaType } = smallImage("a");
    for (const blob of blobs) await pushBlobs(registry, "my-project/image", blob.toString());
    await pushBlobs(registry, "other-project/image", "far away");
    await allow((await used()) + 5);
    const mount = `mount=${digestOf("far away")}&from=other-project/image`;
    const headers = { "content-type": mediaType };
    await play(registry, [
      { send: `POST ${image}/blobs/uploads/?${mount}`, as: "both", ...overQuota },
      { send: `PUT ${image}/manifests/v1`, headers, body: manifest, ...overQuota },
      { send: `GET ${image}/manifests/v1`, status: 404 },
    ]);
    await allow(null);
    await play(registry, [{ send: `PUT ${image}/manifests/v1`, headers, body: manifest, status: 201 }]);
    await allow(1);
    await play(registry, [{ send: `PUT ${image}/manifests/v2`, headers, body: manifest, status: 201 }]);
  });

  test("refuses an upload as soon as it is known to be too large, and keeps none of it", async () => {
    await allow(10);
    const none = await remains(registry);
    const chunk = (body: string) => ({ send: "PATCH {location}", body }) as const;
    await play(registry, [
      { send: `POST ${image}/blobs/uploads/`, status: 202 },
      { ...chunk("12345"), status: 202 },
      { ...chunk("123456"), headers: { "content-length": "6" }, ...overQuota },
      { ...chunk("1"), status: 404, code: "BLOB_UPLOAD_UNKNOWN" },
      { send: `POST ${image}/blobs/uploads/`, status: 202 },
      { send: "PATCH {location}", body: inPieces("12345", "12345", "1", "never read"), ...overQuota },
    ]);
    expect((await remains(registry)).files).toEqual(none.files as string[]);
    expect((await remains(registry)).uploads).toBe(0);
  });

  test("is given back by deleting, once the blobs are collected", async () => {
    const { blobs, manifest, mediaType, digest } = smallImage("a");
    for (const blob of blobs) await pushBlobs(registry, "my-project/image", blob.toString());
    const headers = { "content-type": mediaType };
    await play(registry, [{ send: `PUT ${image}/manifests/v1`, headers, body: manifest, status: 201 }]);
    const all = await used();
    await play(registry, [{ send: `DELETE ${image}/manifests/${digest}`, status: 202 }]);
    expect(await used()).toBe(all - manifest.byteLength);
    for (let day = 0; day < 3; day++) {
      registry.server.clock.now += 24 * 3600_000;
      await registry.server.garbage.collect();
    }
    expect(await used()).toBe(0);
  });

  test("of many pushes at once lets in no more than fits", async () => {
    await allow(50);
    const contents = Array.from({ length: 20 }, (_, number) => `content-${number}`.padEnd(10, "."));
    const statuses = await Promise.all(
      contents.map(async (body) => {
        const [method = "", url = ""] = upload(body).split(" ");
        return (await registry.server.fetch(url, { method, headers: registry.callers.pusher, body })).status;
      }),
    );
    expect(statuses.toSorted()).toEqual([...Array(5).fill(201), ...Array(15).fill(403)]);
    expect(await used()).toBe(50);
  });
});

describe("a read-only project", () => {
  test("is pulled from, and neither pushed to nor deleted from, until it is opened again", async () => {
    const { blobs, manifest, mediaType, digest } = smallImage("a");
    for (const blob of blobs) await pushBlobs(registry, "my-project/image", blob.toString());
    const headers = { "content-type": mediaType };
    const location = await play(registry, [
      { send: `PUT ${image}/manifests/v1`, headers, body: manifest, status: 201 },
      { send: `POST ${image}/blobs/uploads/`, status: 202 },
    ]);
    const close = (at: number | null) =>
      registry.server.metadata.write((write) => setReadOnlyAt(write, registry.project.id, at));
    await close(1);
    const refused = { status: 405, code: "UNSUPPORTED", message: /read-only/ } as const;
    await pushBlobs(registry, "other-project/image", "far away");
    const mount = `mount=${digestOf("far away")}&from=other-project/image`;
    await play(registry, [
      { send: `GET ${image}/manifests/v1`, as: "reader", status: 200, bytes: manifest },
      { send: `GET ${image}/blobs/${digestOf(blobs[0] ?? "")}`, as: "reader", status: 200 },
      { send: `GET ${image}/tags/list`, as: "reader", status: 200 },
      { send: `POST ${image}/blobs/uploads/`, ...refused },
      { send: `POST ${image}/blobs/uploads/?${mount}`, as: "both", ...refused },
      { send: upload("x"), body: "x", ...refused },
      { send: `PATCH ${location}`, body: "x", ...refused },
      { send: `PUT ${location}?digest=${digestOf("x")}`, body: "x", ...refused },
      { send: `PUT ${image}/manifests/v2`, headers, body: manifest, ...refused },
      { send: `DELETE ${image}/manifests/v1`, ...refused },
      { send: `DELETE ${image}/manifests/${digest}`, ...refused },
      { send: `DELETE ${image}/blobs/${digestOf(blobs[0] ?? "")}`, ...refused },
      { send: `DELETE ${image}/manifests/v1`, as: "reader", status: 403, code: "DENIED", message: /permission/ },
    ]);
    await close(null);
    await play(registry, [
      { send: `PUT ${location}?digest=${digestOf("x")}`, body: "x", status: 201 },
      { send: `DELETE ${image}/manifests/${digest}`, status: 202 },
    ]);
  });
});

test("formatBytes writes what people read", () => {
  const written = [0, 1023, 1024, 1536, 10 * 2 ** 30, 2 ** 60].map(formatBytes);
  expect(written).toEqual(["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "10.0 GiB", "1024.0 PiB"]);
});
