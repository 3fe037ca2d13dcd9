/** OCI image layouts, and zot's storage, written as their documents say. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { descriptorOf, digestOf, imageType, indexType } from "../copy/registries.ts";

type Descriptor = { mediaType: string; digest: string; size: number; annotations?: Record<string, string> };

/** One layout being written (image-spec: Image Layout). In zot's storage each repository is one. */
export class Layout {
  readonly folder: string;
  readonly #manifests: object[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
    writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    this.#writeIndex();
  }

  blob(mediaType: string, bytes: Uint8Array<ArrayBuffer>): Descriptor {
    writeFileSync(this.pathOf(digestOf(bytes)), bytes);
    return descriptorOf(mediaType, bytes);
  }

  pathOf(digest: string): string {
    return join(this.folder, "blobs/sha256", digest.slice("sha256:".length));
  }

  /** An image with one layer. */
  image(layer: string, more: object = {}): Descriptor {
    const config = this.blob(
      "application/vnd.oci.image.config.v1+json",
      Buffer.from(`{"of":${JSON.stringify(layer)}}`),
    );
    const layers = [this.blob("application/vnd.oci.image.layer.v1.tar", Buffer.from(layer))];
    const body = { schemaVersion: 2, mediaType: imageType, config, layers, ...more };
    return this.blob(imageType, Buffer.from(JSON.stringify(body)));
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    return this.blob(indexType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })));
  }

  /** Enters it into index.json, with a tag or without. */
  enter(descriptor: Descriptor, tag?: string): Descriptor {
    const annotations = tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } };
    this.#manifests.push({ ...descriptor, ...annotations });
    this.#writeIndex();
    return descriptor;
  }

  #writeIndex(): void {
    const index = { schemaVersion: 2, mediaType: indexType, manifests: this.#manifests };
    writeFileSync(join(this.folder, "index.json"), JSON.stringify(index));
  }
}
