import type { Blobs } from "./blobs.ts";
import { type Digest, isDigest } from "./digest.ts";
import { configBytesMax, type ImageConfig, parseImageConfig, platformOf, textsOf } from "./image-config.ts";
import type { Manifests, StoredManifest } from "./manifests.ts";
import type { Reference } from "./reference.ts";
import type { ResolvedRepository } from "./resolve.ts";

/** A part of an image as its manifest names it. */
export interface Part {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Of a child of an index. */
  readonly platform: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image with what its manifest and its configuration say. */
export interface DescribedImage extends StoredManifest {
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject: Digest | undefined;
  readonly layers: readonly Part[];
  readonly children: readonly Part[];
  readonly configPart: Part | undefined;
  /** Absent where there is none, or none that can be read. */
  readonly config: ImageConfig | undefined;
}

/** Configurations whose platform is remembered: a digest's content never changes. */
const platformsMax = 20_000;

/** Images as people look at them: manifests were checked at their push, so that they can be read here without surprises. */
export class DescribedImages {
  readonly #manifests: Manifests;
  readonly #blobs: Blobs;
  readonly #platforms = new Map<Digest, string | undefined>();

  constructor(manifests: Manifests, blobs: Blobs) {
    this.#manifests = manifests;
    this.#blobs = blobs;
  }

  /** Throws NAME_UNKNOWN or MANIFEST_UNKNOWN. */
  async get(resolved: ResolvedRepository, reference: Reference): Promise<DescribedImage> {
    const stored = await this.#manifests.get(resolved, reference);
    const parts = readParts(stored.body);
    return { ...stored, ...parts, config: await this.#config(resolved, parts.configPart) };
  }

  /** The platforms of an image, or of an index's children. Throws as `get` does. */
  async platforms(resolved: ResolvedRepository, digest: Digest): Promise<string[]> {
    const { children, configPart } = readParts((await this.#manifests.get(resolved, { kind: "digest", digest })).body);
    if (children.length > 0) return children.flatMap(({ platform }) => platform ?? []);
    const platform = configPart && (await this.#platform(resolved, configPart));
    return platform === undefined ? [] : [platform];
  }

  async #platform(resolved: ResolvedRepository, part: Part): Promise<string | undefined> {
    if (this.#platforms.has(part.digest)) return this.#platforms.get(part.digest);
    const config = await this.#config(resolved, part);
    if (this.#platforms.size >= platformsMax) this.#platforms.clear();
    this.#platforms.set(part.digest, config?.platform);
    return config?.platform;
  }

  async #config(resolved: ResolvedRepository, part: Part | undefined): Promise<ImageConfig | undefined> {
    if (!part || part.size > configBytesMax || !part.mediaType.endsWith("json")) return undefined;
    // A cache may not have it yet, and a scrub may have found it damaged: the page shows the rest.
    const blob = await this.#blobs.get(resolved, part.digest).catch(() => undefined);
    return blob && parseImageConfig(await (await blob.read()).bytes());
  }
}

function readParts(body: Uint8Array) {
  const document = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
  const { config, layers, manifests, subject, annotations } = document;
  return {
    annotations: textsOf(annotations),
    subject: toPart(subject)?.digest,
    layers: toParts(layers),
    children: toParts(manifests),
    configPart: toPart(config),
  };
}

function toParts(value: unknown): Part[] {
  return Array.isArray(value) ? value.flatMap((each) => toPart(each) ?? []) : [];
}

function toPart(value: unknown): Part | undefined {
  const { digest, mediaType, size, platform, annotations } = (value ?? {}) as Record<string, unknown>;
  if (typeof digest !== "string" || !isDigest(digest)) return undefined;
  return {
    digest,
    mediaType: String(mediaType ?? ""),
    size: Number(size),
    platform: platformOf(platform),
    annotations: textsOf(annotations),
  };
}
