import { Failure } from "../../sources/failure.ts";
import { digestOf, type RemoteDescriptor, type RemoteManifest } from "../registry/remote-manifest.ts";

/** A registry's storage, or an OCI image layout, as images by name. */
export interface ImageFolder {
  /** `docker-registry`, `zot`, `oci-layout` */
  readonly kind: string;
  /** The repositories' names, in order; one empty name for a layout, which has none. */
  repositories(): AsyncIterable<string>;
  /** What a repository has, each image once. */
  images(repository: string): Promise<readonly FolderImage[]>;
  /** A manifest's bytes; undefined where there is none. */
  manifestBytes(repository: string, digest: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** A blob's bytes from `start` on, unchecked. */
  blob(repository: string, digest: string, start: number): Promise<FolderBlob | undefined>;
}

/** An image with its tags. One without is an image of its own, or refers to another. */
export interface FolderImage {
  readonly digest: string;
  readonly tags: readonly string[];
}

export interface FolderBlob {
  /** The whole of it. */
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Registries take 4 MiB. */
export const manifestBytesMax = 4 * 1024 * 1024;

/** distribution-spec: what a name and a tag look like. */
export const isName = (text: string) =>
  text.length <= 255 &&
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/.test(text);
export const isTag = (text: string) => /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text);

/** `sha256:…` in its two parts; undefined for anything else. */
export function digestParts(digest: string): readonly [algorithm: "sha256" | "sha512", hex: string] | undefined {
  const [, algorithm, hex = ""] = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest) ?? [];
  if (algorithm === "sha256" && hex.length === 64) return [algorithm, hex];
  if (algorithm === "sha512" && hex.length === 128) return [algorithm, hex];
  return undefined;
}

/** A manifest as it lies in a folder, with its parts. */
export interface FolderManifest extends RemoteManifest {
  readonly subject?: string;
  readonly artifactType?: string;
}

const indexType = "application/vnd.oci.image.index.v1+json";
const imageType = "application/vnd.oci.image.manifest.v1+json";

type Document = {
  mediaType?: unknown;
  artifactType?: unknown;
  config?: RemoteDescriptor;
  layers?: RemoteDescriptor[];
  manifests?: RemoteDescriptor[];
  subject?: RemoteDescriptor;
};

/** Reads a manifest and compares it with its digest. Undefined where there is none; throws Failure where it is something else. */
export async function readManifest(
  folder: ImageFolder,
  repository: string,
  digest: string,
): Promise<FolderManifest | undefined> {
  const bytes = await folder.manifestBytes(repository, digest);
  if (!bytes) return undefined;
  const [algorithm] = digestParts(digest) ?? [];
  if (digestOf(bytes, algorithm) !== digest) throw new Failure(`the manifest ${digest} has other bytes than that`);
  const document = parse(bytes, digest);
  const { config, layers = [], manifests, subject } = document;
  const parts = [...(config ? [config] : []), ...layers, ...(manifests ?? []), ...(subject ? [subject] : [])];
  for (const part of parts) {
    if (digestParts(String(part?.digest)) && Number.isSafeInteger(part.size) && part.size >= 0) continue;
    throw new Failure(`the manifest ${digest} names a part without a digest and a size`);
  }
  const kind = typeof document.artifactType === "string" ? document.artifactType : config?.mediaType;
  return {
    digest,
    bytes,
    mediaType: typeof document.mediaType === "string" ? document.mediaType : manifests ? indexType : imageType,
    ...(subject && { subject: subject.digest }),
    ...(kind !== undefined && { artifactType: kind }),
  };
}

function parse(bytes: Uint8Array, digest: string): Document {
  try {
    const document: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const { layers = [], manifests = [] } = document as Document;
    if (Array.isArray(layers) && Array.isArray(manifests)) return document as Document;
  } catch {
    // Said below.
  }
  throw new Failure(`${digest} is not a manifest`);
}
