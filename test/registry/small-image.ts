import { digestOf } from "../../src/registry/digest.ts";
import { bearer } from "../server.ts";

/** An image of one small layer. */
export interface SmallImage {
  readonly blobs: readonly Uint8Array[];
  readonly manifest: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  readonly mediaType: string;
}

const mediaType = "application/vnd.oci.image.manifest.v1+json";

/** @param content images of the same content are the same image */
export function smallImage(content: string): SmallImage {
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", comment: content }));
  const layer = Buffer.from(`layer of ${content}`);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }),
  );
  return { blobs: [config, layer], manifest, digest: digestOf(manifest), mediaType };
}

export function descriptor(of: string, bytes: Uint8Array) {
  return { mediaType: of, digest: digestOf(bytes), size: bytes.byteLength };
}

type Fetch = { fetch(url: string, init?: RequestInit): Promise<Response> };

/** Pushes an image with single requests; throws where one is refused. */
export async function pushImage(server: Fetch, name: string, tag: string, image: SmallImage, token: string) {
  for (const blob of image.blobs) await pushBlob(server, name, blob, token);
  await expectStatus(201, server, `/v2/${name}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...bearer(token), "content-type": image.mediaType },
    body: image.manifest,
  });
}

export async function pushBlob(server: Fetch, name: string, blob: Uint8Array, token: string): Promise<string> {
  const digest = digestOf(blob);
  await expectStatus(201, server, `/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: "POST",
    headers: bearer(token),
    body: blob as Uint8Array<ArrayBuffer>,
  });
  return digest;
}

async function expectStatus(status: number, server: Fetch, url: string, init: RequestInit): Promise<void> {
  const answer = await server.fetch(url, init);
  if (answer.status !== status) throw new Error(`${init.method} ${url}: ${answer.status} ${await answer.text()}`);
}
