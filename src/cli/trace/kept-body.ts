/** What is longer is not kept: a recording is a file to look at. */
const keptBytesMax = 4 * 1024 * 1024;

/**
 * Parts of images: blobs that are uploaded (by Google's registries to a place of their own), and manifests. All else that is
 * sent may hold a credential.
 */
const imagePath = /^\/(?:v2\/.+\/(?:blobs\/uploads\/.*|manifests\/[^/]+)|artifacts-uploads\/.+)$/;

/** Is a part of an image sent to this address? */
export function isImagePath(url: string): boolean {
  return imagePath.test(new URL(url).pathname);
}

/** Collects what a client sends, where it is a part of an image and not too long. */
export class KeptBody {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** Undefined where what is sent to `url` must not be kept. */
  static for(method: string, url: string): KeptBody | undefined {
    const isKept = ["POST", "PUT", "PATCH"].includes(method) && isImagePath(url);
    return isKept ? new KeptBody() : undefined;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= keptBytesMax) this.#chunks.push(chunk.slice());
  }

  /** In base64; undefined when it was too long, or there was none. */
  get text(): string | undefined {
    return this.#bytes === 0 || this.#bytes > keptBytesMax ? undefined : Buffer.concat(this.#chunks).toString("base64");
  }
}
