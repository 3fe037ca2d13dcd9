import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseManifest } from "../../src/registry/manifest.ts";
import { RegistryError } from "../../src/registry/registry-error.ts";
import { descriptor, smallImage } from "./small-image.ts";

const image = "application/vnd.oci.image.manifest.v1+json";
const index = "application/vnd.oci.image.index.v1+json";
const layer = descriptor("application/vnd.oci.image.layer.v1.tar", Buffer.from("layer"));
const config = descriptor("application/vnd.oci.image.config.v1+json", Buffer.from("{}"));
const whole = { schemaVersion: 2, mediaType: image, config, layers: [layer] };
const list = { schemaVersion: 2, mediaType: index, manifests: [descriptor(image, Buffer.from("child"))] };
const bytes = (json: unknown) =>
  Buffer.isBuffer(json) ? json : Buffer.from(typeof json === "string" ? json : JSON.stringify(json));

describe("parseManifest reads", () => {
  const rows: [string, unknown, string, string[]][] = [
    ["an OCI image", whole, image, ["config", "layer"]],
    ["an OCI image with parameters on its type", whole, `${image}; charset=utf-8`, ["config", "layer"]],
    ["an image that does not name its type", { ...whole, mediaType: undefined }, image, ["config", "layer"]],
    ["an image whose type is only in the body", whole, "", ["config", "layer"]],
    ["an image sent as JSON", whole, "application/json", ["config", "layer"]],
    ["an image without layers", { ...whole, layers: [] }, image, ["config"]],
    [
      "an image with a subject",
      { ...whole, subject: descriptor(image, Buffer.from("s")) },
      image,
      ["config", "layer", "subject"],
    ],
    ["fields that nobody knows", { ...whole, custom: { a: [1] } }, image, ["config", "layer"]],
    ["an OCI index", list, index, ["child"]],
    ["an empty index", { ...list, manifests: [] }, index, []],
    [
      "a Docker image",
      { ...whole, mediaType: "application/vnd.docker.distribution.manifest.v2+json" },
      "application/vnd.docker.distribution.manifest.v2+json",
      ["config", "layer"],
    ],
    [
      "a Docker list",
      { ...list, mediaType: "application/vnd.docker.distribution.manifest.list.v2+json" },
      "application/vnd.docker.distribution.manifest.list.v2+json",
      ["child"],
    ],
  ];
  test.each(rows)("%s", (_name, json, type, kinds) => {
    expect(parseManifest(bytes(json), type).references.map(({ kind }) => kind) as string[]).toEqual(kinds);
  });
});

describe("parseManifest refuses", () => {
  const rows: [string, unknown, string][] = [
    ["what is not JSON", "{", image],
    ["JSON that is no object", "[]", image],
    ["null", "null", image],
    ["bytes that are not UTF-8", Buffer.from(JSON.stringify({ ...whole, custom: "\xe4" }), "latin1"), image],
    ["a byte order mark", `\uFEFF${JSON.stringify(whole)}`, image],
    ["an image under an index's type", whole, index],
    ["an index under an image's type", list, image],
    ["a body that says it is something else", { ...whole, mediaType: index }, image],
    ["an image that is an index as well", { ...whole, manifests: [] }, image],
    ["an index that is an image as well", { ...list, layers: [] }, index],
    ["an index with a config", { ...list, config }, index],
    ["schema version 1", { ...whole, schemaVersion: 1 }, image],
    ["Docker's schema 1", whole, "application/vnd.docker.distribution.manifest.v1+prettyjws"],
    ["an unknown type", whole, "text/html"],
    ["an image without a config", { ...whole, config: undefined }, image],
    ["a digest that is a path", { ...whole, layers: [{ ...layer, digest: "../../x" }] }, image],
    ["a negative size", { ...whole, layers: [{ ...layer, size: -1 }] }, image],
    ["a size that is no number", { ...whole, layers: [{ ...layer, size: "1" }] }, image],
  ];
  test.each(rows)("%s", (_name, json, type) => {
    expect(() => parseManifest(bytes(json), type)).toThrow(RegistryError);
  });

  test("whatever else comes, in its own words", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (body, type) => {
        expect(() => parseManifest(body, type)).toThrow(RegistryError);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(() => parseManifest(bytes(json), image)).toThrow(RegistryError);
      }),
    );
  });
});

test("a manifest of an image is described by its own digest", () => {
  const { manifest, mediaType } = smallImage("a");
  expect(parseManifest(manifest, mediaType).artifactType).toBe(config.mediaType);
});
