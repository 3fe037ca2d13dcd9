/**
 * Test images made from nothing: no client, no base image and no network is needed to have one.
 *
 * Every image is new (a few random megabytes), so that no client can skip an upload because it has seen the layers before.
 * The same configuration bytes serve the OCI and the Docker form, so an image keeps its id whatever a client turns it into.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TarEntry, tar } from "./tar.ts";

export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface TestImage {
  /** The digest of the configuration: what docker and podman call the image id. */
  readonly id: string;
  readonly config: Blob;
  /** Gzipped, as they travel. */
  readonly layers: readonly Blob[];
  /** The OCI image manifest. */
  readonly manifest: Blob;
  /** The layers as plain tar archives, in the same order. */
  readonly archives: readonly Blob[];
}

export const MEDIA_TYPE = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** Large enough to be sent in more than one chunk by every client. */
const LARGE_LAYER_BYTES = 4 * 1024 * 1024;

const BUSYBOX = "/bin/busybox";

/** A new image: a marker, a program where the machine has a static one, and a layer of a few megabytes. */
export function makeImage({
  largeLayerBytes = LARGE_LAYER_BYTES,
  architecture = machineArchitecture(),
} = {}): TestImage {
  const marker = tar([{ name: "marker", content: Buffer.from(randomBytes(16).toString("hex")) }]);
  const large = tar([{ name: "large", content: randomBytes(largeLayerBytes) }]);
  const archives = [marker, tar([program()]), large].map(blob);
  const layers = archives.map((archive) => blob(Bun.gzipSync(Buffer.from(archive.bytes), { level: 1 })));
  const config = blob(jsonBytes(imageConfig(archives, architecture)));
  return { id: config.digest, config, layers, archives, manifest: blob(jsonBytes(imageManifest(config, layers))) };
}

/** Writes the image as an OCI layout with one tag. */
export async function writeLayout(image: TestImage, folder: string, tag = "latest"): Promise<void> {
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  for (const { digest, bytes } of [image.config, image.manifest, ...image.layers]) {
    await Bun.write(join(folder, "blobs", digest.replace(":", "/")), bytes);
  }
  const annotations = { "org.opencontainers.image.ref.name": tag };
  const manifests = [{ ...descriptor(MEDIA_TYPE.manifest, image.manifest), annotations }];
  await Bun.write(join(folder, "index.json"), jsonBytes({ schemaVersion: 2, manifests }));
  await Bun.write(join(folder, "oci-layout"), jsonBytes({ imageLayoutVersion: "1.0.0" }));
}

/** Writes the image in the form of `docker save`, under this name. */
export async function writeArchive(image: TestImage, path: string, reference: string): Promise<void> {
  const layers = image.archives.map(({ digest, bytes }) => ({ name: `${hex(digest)}/layer.tar`, content: bytes }));
  const config = { name: `${hex(image.id)}.json`, content: image.config.bytes };
  const list = [{ Config: config.name, RepoTags: [reference], Layers: layers.map(({ name }) => name) }];
  await Bun.write(path, tar([...layers, config, { name: "manifest.json", content: jsonBytes(list) }]));
}

/** The sha256 digest of some bytes, in the notation of the OCI specifications. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function descriptor(mediaType: string, { digest, bytes }: Blob) {
  return { mediaType, digest, size: bytes.length };
}

export function blob(bytes: Uint8Array): Blob {
  return { digest: digestOf(bytes), bytes };
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function program(): TarEntry {
  const name = "bin/busybox";
  if (existsSync(BUSYBOX)) return { name, mode: 0o755, content: readFileSync(BUSYBOX) };
  return { name, mode: 0o755, content: Buffer.from("not a program: this machine has no static busybox\n") };
}

function imageConfig(archives: readonly Blob[], architecture: string) {
  return {
    architecture,
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    config: { Cmd: ["/bin/busybox", "cat", "/marker"] },
    rootfs: { type: "layers", diff_ids: archives.map(({ digest }) => digest) },
    history: archives.map((_, index) => ({ created: "2020-01-01T00:00:00Z", created_by: `layer ${index}` })),
  };
}

function imageManifest(config: Blob, layers: readonly Blob[]) {
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: descriptor(MEDIA_TYPE.config, config),
    layers: layers.map((layer) => descriptor(MEDIA_TYPE.layer, layer)),
  };
}

function machineArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

function hex(digest: string): string {
  return digest.slice("sha256:".length);
}
