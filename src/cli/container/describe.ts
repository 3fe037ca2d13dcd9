import type { RegistryClient } from "../../client/registry/registry-client.ts";
import { getSmallBlob } from "../../client/registry/remote-blob.ts";
import { listRemoteImages } from "../../client/registry/remote-listing.ts";
import {
  getManifest,
  type ManifestDocument,
  type RemoteDescriptor,
  readDocument,
} from "../../client/registry/remote-manifest.ts";
import { oneLine } from "../../sources/failure.ts";
import type { AdministrationInvocation } from "../administration.ts";
import { parseImageTarget } from "./image-target.ts";
import { openRegistry } from "./open-registry.ts";

/** Configurations of real images have a few KiB. */
const configBytesMax = 4 * 1024 * 1024;
/** An index of more images than this is described without the size of all of them. */
const childrenMax = 50;

/** `waybill container images describe` */
export async function describe(invocation: AdministrationInvocation): Promise<number> {
  const { values, positionals, context } = invocation;
  const target = parseImageTarget(positionals[0] ?? "");
  const client = openRegistry(target.host, invocation);
  const { repository } = target;
  const manifest = await getManifest(client, repository, target.digest ?? target.tag ?? "latest");
  const document = readDocument(manifest);
  const config = await readConfig(client, repository, document);
  const listed = (await listRemoteImages(client, repository)).find(({ digest }) => digest === manifest.digest);
  const summary = {
    digest: manifest.digest,
    fully_qualified_digest: `${target.name}@${manifest.digest}`,
    registry: target.host as string,
    repository,
    media_type: manifest.mediaType,
    size_bytes: await sizeOf(client, repository, document),
    platforms: platformsOf(document, config),
    tags: listed?.tags ?? [],
    created: config.created ?? toTime(listed?.createdAt),
    uploaded: toTime(listed?.uploadedAt),
  };
  if (values.format === "json") context.stdout(`${JSON.stringify({ image_summary: summary }, undefined, 2)}\n`);
  else context.stdout(toText(summary));
  return 0;
}

type Config = { os?: string; architecture?: string; variant?: string; created?: string };

/** What the configuration of an image says; an artifact's says nothing that is told here. */
async function readConfig(client: RegistryClient, repository: string, { config }: ManifestDocument): Promise<Config> {
  if (!config || !/image\.(config\.)?v1\+json$/.test(config.mediaType)) return {};
  const bytes = await getSmallBlob(client, repository, config.digest, configBytesMax);
  const value = (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as Record<string, unknown>;
  const texts = ["os", "architecture", "variant", "created"].filter((name) => typeof value[name] === "string");
  return Object.fromEntries(texts.map((name) => [name, value[name] as string]));
}

/** Bytes of everything that the image consists of, once; of an index, of all its images. */
async function sizeOf(client: RegistryClient, repository: string, document: ManifestDocument) {
  const children = document.manifests ?? [];
  if (children.length > childrenMax) return undefined;
  const images = await Promise.all(
    children.map(async ({ digest }) => readDocument(await getManifest(client, repository, digest))),
  );
  const blobs = [document, ...images].flatMap(({ config, layers }) => [...(config ? [config] : []), ...(layers ?? [])]);
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, Number(size)]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function platformsOf({ manifests }: ManifestDocument, config: Config): string[] {
  const platforms = (manifests ?? []).map(({ platform }) => platform).filter((platform) => platform !== undefined);
  return [...new Set([...platforms, config].map(platformText).filter((text) => text !== ""))];
}

function platformText({ os, architecture, variant }: NonNullable<RemoteDescriptor["platform"]>): string {
  return [os, architecture, variant].filter((part) => typeof part === "string" && part !== "").join("/");
}

function toTime(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}

/** As gcloud shows it: YAML, of texts and lists of texts. What others wrote could hold control characters. */
function toText(summary: Record<string, unknown>): string {
  const lines = Object.entries(summary).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return [`  ${name}:`, ...value.map((item) => `  - ${oneLine(String(item))}`)];
    return [`  ${name}: ${oneLine(String(value))}`];
  });
  return `image_summary:\n${lines.join("\n")}\n`;
}
