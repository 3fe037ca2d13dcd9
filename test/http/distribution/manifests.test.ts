import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { descriptor, digestOf, type Exchange, play, pushBlobs, type Registry, startRegistry } from "./exchanges.ts";

const types = {
  ociImage: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerImage: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
};

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/image", "{}", "layer");
});
afterAll(() => registry.server.close());

const config = descriptor("application/vnd.oci.image.config.v1+json", "{}");
const layer = descriptor("application/vnd.oci.image.layer.v1.tar", "layer");

/** A manifest with spaces that no serializer would write again. */
function image(mediaType: string, mark = ""): string {
  return `{ "schemaVersion": 2,\n\t"mediaType": "${mediaType}", "config":${JSON.stringify(config)},"layers" : [${JSON.stringify(layer)}], "annotations":{"mark":"${mark}é"}}\n`;
}

function index(mediaType: string, child: string, childType: string): string {
  return JSON.stringify({ schemaVersion: 2, mediaType, manifests: [descriptor(childType, child)] }, null, 3);
}

const manifests = "/v2/my-project/image/manifests/";

/** Pushes by `reference`, and reads what came of it back in every way. */
function pushAndPull(reference: string, mediaType: string, body: string, contentType = mediaType): Exchange[] {
  const digest = digestOf(body);
  const gives = {
    "content-type": mediaType,
    "content-length": `${Buffer.byteLength(body)}`,
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "x-content-type-options": "nosniff",
  };
  return [
    {
      send: `PUT ${manifests}${reference}`,
      headers: contentType === "" ? {} : { "content-type": contentType },
      body: Buffer.from(body),
      status: 201,
      gives: { location: `${manifests}${digest}`, "docker-content-digest": digest, "oci-subject": undefined },
      bytes: "",
    },
    ...[reference, digest].flatMap((read): Exchange[] => [
      { send: `GET ${manifests}${read}`, as: "reader", status: 200, bytes: body, gives },
      { send: `HEAD ${manifests}${read}`, as: "reader", status: 200, bytes: "", gives },
    ]),
  ];
}

describe("a manifest comes back byte for byte under its type, by tag and by digest", () => {
  const bodies: [string, Exchange[]][] = [
    ["an OCI image", pushAndPull("oci", types.ociImage, image(types.ociImage))],
    ["a Docker schema 2 image", pushAndPull("docker", types.dockerImage, image(types.dockerImage))],
    [
      "an OCI index",
      pushAndPull("index", types.ociIndex, index(types.ociIndex, image(types.ociImage), types.ociImage)),
    ],
    [
      "a Docker manifest list",
      pushAndPull("list", types.dockerList, index(types.dockerList, image(types.dockerImage), types.dockerImage)),
    ],
    ["an index of nothing", pushAndPull("empty", types.ociIndex, '{"schemaVersion":2,"manifests":[]}')],
    [
      "an image by digest, with no tag",
      pushAndPull(digestOf(image(types.ociImage, "by digest")), types.ociImage, image(types.ociImage, "by digest")),
    ],
    ["the same image under a second tag", pushAndPull("oci-again", types.ociImage, image(types.ociImage))],
    [
      "a Content-Type with parameters and capitals",
      pushAndPull(
        "parameters",
        types.ociImage,
        image(types.ociImage, "p"),
        `${types.ociImage.toUpperCase()}; charset=utf-8`,
      ),
    ],
    [
      "a manifest that names its type itself",
      pushAndPull("itself", types.ociImage, image(types.ociImage, "i"), "application/json"),
    ],
    ["a tag of 128 characters", pushAndPull("t".repeat(128), types.ociImage, image(types.ociImage))],
    ["a tag with everything a tag may have", pushAndPull("_V1.2-rc_3", types.ociImage, image(types.ociImage))],
  ];
  test.each(bodies)("%s", async (_, exchanges) => {
    await play(registry, exchanges);
  });
});

test("a tag is moved, and the manifest it left stays under its digest", async () => {
  const [one, two] = [image(types.ociImage, "one"), image(types.ociImage, "two")];
  await play(registry, [
    ...pushAndPull("moving", types.ociImage, one),
    ...pushAndPull("moving", types.ociImage, two),
    { send: `GET ${manifests}${digestOf(one)}`, status: 200, bytes: one },
  ]);
});

test("a manifest with a subject answers it, whether or not the subject is here", async () => {
  for (const subject of [descriptor(types.ociImage, image(types.ociImage)), descriptor(types.ociImage, "not here")]) {
    const body = JSON.stringify({ ...JSON.parse(image(types.ociImage)), subject });
    await play(registry, [
      {
        send: `PUT ${manifests}${digestOf(body)}`,
        headers: { "content-type": types.ociImage },
        body,
        status: 201,
        gives: { "oci-subject": subject.digest },
      },
    ]);
  }
});

test("a tag is deleted alone; a digest with all its tags", async () => {
  const body = image(types.ociImage, "to delete");
  const [unknown, digest] = [{ status: 404, code: "MANIFEST_UNKNOWN" }, digestOf(body)];
  await play(registry, [
    ...pushAndPull("delete-1", types.ociImage, body),
    ...pushAndPull("delete-2", types.ociImage, body),
    { send: `DELETE ${manifests}delete-1`, status: 202, bytes: "" },
    { send: `GET ${manifests}delete-1`, ...unknown, message: /my-project\/image:delete-1/ },
    { send: `DELETE ${manifests}delete-1`, ...unknown },
    { send: `GET ${manifests}delete-2`, status: 200, bytes: body },
    { send: `DELETE ${manifests}${digest}`, as: "writer", status: 403, code: "DENIED" },
    { send: `DELETE ${manifests}delete-2`, as: "writer", status: 403, code: "DENIED" },
    { send: `DELETE ${manifests}${digest}`, status: 202, bytes: "" },
    { send: `GET ${manifests}delete-2`, ...unknown },
    { send: `GET ${manifests}${digest}`, ...unknown },
    { send: `DELETE ${manifests}${digest}`, ...unknown },
  ]);
});

test("layers that lie elsewhere by design need not be here", async () => {
  const foreign = {
    ...descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "elsewhere"),
    urls: ["https://example.com/layer"],
  };
  const body = JSON.stringify({ ...JSON.parse(image(types.dockerImage)), layers: [foreign] });
  await play(registry, pushAndPull("foreign", types.dockerImage, body));
});

test("404 says whether the repository or the manifest is missing", async () => {
  await play(registry, [
    { send: `GET ${manifests}absent`, status: 404, code: "MANIFEST_UNKNOWN" },
    { send: `GET ${manifests}${digestOf("absent")}`, status: 404, code: "MANIFEST_UNKNOWN" },
    { send: `HEAD ${manifests}absent`, status: 404 },
    { send: "GET /v2/my-project/absent/manifests/latest", status: 404, code: "NAME_UNKNOWN" },
    { send: "DELETE /v2/my-project/absent/manifests/latest", status: 404, code: "NAME_UNKNOWN" },
    { send: `POST ${manifests}latest`, status: 405, code: "UNSUPPORTED" },
    { send: `PATCH ${manifests}latest`, status: 405, code: "UNSUPPORTED" },
  ]);
});

test("a manifest of the largest size is taken, one byte more is not", async () => {
  const room = 4 * 1024 * 1024 - image(types.ociImage).length - 1;
  const largest = image(types.ociImage, "x".repeat(room));
  expect(Buffer.byteLength(largest)).toBe(4 * 1024 * 1024);
  await play(registry, pushAndPull("largest", types.ociImage, largest));
  const larger = image(types.ociImage, "x".repeat(room + 1));
  const refused = { status: 413, code: "SIZE_INVALID", message: /4194304 bytes at most/ };
  const send = `PUT ${manifests}larger`;
  const headers = { "content-type": types.ociImage };
  await play(registry, [
    { send, headers, body: larger, ...refused },
    { send, headers: { ...headers, "content-length": "4194305" }, body: larger, ...refused },
    { send: `GET ${manifests}larger`, status: 404, code: "MANIFEST_UNKNOWN" },
  ]);
});
