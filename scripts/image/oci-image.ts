import { createHash } from "node:crypto";
import { version } from "../../src/cli/command.ts";
import { type ArchiveFile, gzipOf, tarOf } from "../release/archive.ts";

/** What manifests refer to each other by (image-spec: descriptor). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: "linux"; readonly architecture: string };
}

/** An image's documents and layer by their digests; `top` is the manifest or index that stands for all of them. */
export interface OciImage {
  readonly top: Descriptor;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** Whom the program runs as. No name on the host has this number, and 0 has no business here. */
export const imageUser = 65_532;

const mediaTypes = {
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
};

const labels = {
  "org.opencontainers.image.title": "waybill",
  "org.opencontainers.image.version": version,
  "org.opencontainers.image.licenses": "Apache-2.0",
  "org.opencontainers.image.description": "Container registry with Google-style authentication",
};

/** An image for one platform. The same files and time give the same digests. */
export function ociImage(files: readonly ArchiveFile[], architecture: "amd64" | "arm64", created: Date): OciImage {
  const tar = tarOf([...files, ...ownFiles], created, { folders: true });
  const layer = gzipOf(tar);
  const config = jsonOf({
    created: created.toISOString(),
    architecture,
    os: "linux",
    config: {
      User: `${imageUser}:${imageUser}`,
      // What the server may ask of a store and of other registries at once; the runtime's own limit is 256.
      Env: ["PATH=/usr/bin", "HOME=/data", "WAYBILL_DATA=/data", "BUN_CONFIG_MAX_HTTP_REQUESTS=8192"],
      Entrypoint: ["/usr/bin/waybill"],
      Cmd: ["serve"],
      Volumes: { "/data": {} },
      WorkingDir: "/data",
      ExposedPorts: { "5000/tcp": {} },
      StopSignal: "SIGTERM",
      Labels: labels,
    },
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    history: [{ created: created.toISOString(), created_by: "npm run image" }],
  });
  const manifest = jsonOf({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptorOf(mediaTypes.config, config),
    layers: [descriptorOf(mediaTypes.layer, layer)],
    annotations: labels,
  });
  const top = { ...descriptorOf(mediaTypes.manifest, manifest), platform: { os: "linux", architecture } } as const;
  return { top, blobs: blobsOf(config, layer, manifest) };
}

/** One image for several platforms. */
export function ociIndex(images: readonly OciImage[]): OciImage {
  const manifests = images.map(({ top }) => top);
  const index = jsonOf({ schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations: labels });
  const blobs = new Map([...images.flatMap((image) => [...image.blobs]), ...blobsOf(index)]);
  return { top: descriptorOf(mediaTypes.index, index), blobs };
}

/** image-spec: image layout, for `podman load`, `skopeo copy oci-archive:` and containerd. */
export function layoutFiles({ top, blobs }: OciImage, tag: string): ArchiveFile[] {
  const annotations = { "org.opencontainers.image.ref.name": tag };
  return [
    { path: "oci-layout", bytes: jsonOf({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", bytes: jsonOf({ schemaVersion: 2, manifests: [{ ...top, annotations }] }) },
    ...[...blobs].map(([digest, bytes]) => ({ path: `blobs/${digest.replace(":", "/")}`, bytes })),
  ];
}

const ownFiles: readonly ArchiveFile[] = [
  { path: "etc/passwd", bytes: Buffer.from(`waybill:x:${imageUser}:${imageUser}::/data:/sbin/nologin\n`) },
  { path: "etc/group", bytes: Buffer.from(`waybill:x:${imageUser}:\n`) },
  { path: "etc/nsswitch.conf", bytes: Buffer.from("hosts: files dns\n") },
  { path: "data/", bytes: new Uint8Array(), mode: 0o700, owner: imageUser },
  { path: "tmp/", bytes: new Uint8Array(), mode: 0o1777 },
];

function descriptorOf(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

function blobsOf(...all: Uint8Array[]): Map<string, Uint8Array> {
  return new Map(all.map((bytes) => [digestOf(bytes), bytes]));
}

function jsonOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
