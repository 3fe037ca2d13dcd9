/** A registry's client as zb plays it: each step is checked, so that a refusal is never taken for speed. */
import { type Content, contentOf } from "./content.ts";
import type { Answer, Outgoing, Wire } from "./wire.ts";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

export type PushStyle = "monolithic" | "chunked";

export interface Image {
  readonly repository: string;
  readonly tag: string;
  readonly config: Content;
  readonly layer: Content;
  readonly manifest: Content;
}

const config = contentOf(
  JSON.stringify({
    architecture: "amd64",
    os: "linux",
    created: "2011-01-01T00:00:00Z",
    rootfs: { type: "layers", diff_ids: [] },
  }),
);

/** An image of one layer. */
export function imageOf(repository: string, tag: string, layer: Content): Image {
  const descriptor = (mediaType: string, { digest, size }: Content) => ({ mediaType, digest, size });
  const manifest = contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }),
  );
  return { repository, tag, config, layer, manifest };
}

/** zb: Push Monolith and Push Chunk Streamed. */
export async function pushImage(wire: Wire, image: Image, style: PushStyle): Promise<void> {
  const { repository, tag, config, layer, manifest } = image;
  await pushBlob(wire, repository, layer, style);
  await pushBlob(wire, repository, config, style);
  const headers = { "content-type": manifestType };
  await expect(wire, 201, {
    method: "PUT",
    path: `/v2/${repository}/manifests/${tag}`,
    headers,
    body: manifest.parts,
  });
}

export async function pushBlob(wire: Wire, repository: string, blob: Content, style: PushStyle): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  const { location } = await expect(wire, 202, { method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  if (style === "monolithic") {
    await expect(wire, 201, { method: "PUT", path: withDigest(location, blob), headers, body: blob.parts });
    return;
  }
  const after = await expect(wire, 202, { method: "PATCH", path: pathOf(location), headers, body: blob.parts });
  await expect(wire, 201, { method: "PUT", path: withDigest(after.location, blob) });
}

/** zb: Pull. */
export async function pullImage(wire: Wire, { repository, tag, config, layer, manifest }: Image): Promise<void> {
  const headers = { accept: manifestType };
  const steps: [string, number][] = [
    [`manifests/${tag}`, manifest.size],
    [`blobs/${config.digest}`, config.size],
    [`blobs/${layer.digest}`, layer.size],
  ];
  for (const [path, size] of steps) {
    await expect(wire, 200, { method: "HEAD", path: `/v2/${repository}/${path}`, headers });
    const answer = await expect(wire, 200, { method: "GET", path: `/v2/${repository}/${path}`, headers });
    if (answer.size !== size) throw new Error(`${path}: ${answer.size} bytes instead of ${size}`);
  }
}

async function expect(wire: Wire, status: number, outgoing: Outgoing): Promise<Answer> {
  const answer = await wire.send(outgoing);
  if (answer.status !== status) throw new Error(`${outgoing.method} ${outgoing.path}: ${answer.status}, not ${status}`);
  return answer;
}

/** Some registries answer with a whole URL. */
function pathOf(location: string): string {
  return location.startsWith("/") ? location : location.replace(/^https?:\/\/[^/]+/, "");
}

function withDigest(location: string, { digest }: Content): string {
  const path = pathOf(location);
  return `${path}${path.includes("?") ? "&" : "?"}digest=${digest}`;
}
