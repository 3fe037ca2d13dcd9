import { createHash } from "node:crypto";
import { Failure } from "../../sources/failure.ts";
import type { RegistryClient } from "./registry-client.ts";

/** A manifest as a registry gave it; its bytes match the digest. */
export type RemoteManifest = { digest: string; mediaType: string; bytes: Uint8Array };

/** What a manifest refers to (image-spec: Content Descriptors). */
export type RemoteDescriptor = {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os?: string; architecture?: string; variant?: string };
};

/** The parts of a manifest that commands look at, of an image or an index. */
export type ManifestDocument = {
  config?: RemoteDescriptor;
  layers?: readonly RemoteDescriptor[];
  manifests?: readonly RemoteDescriptor[];
  artifactType?: string;
};

/** Every kind of manifest that a client of today accepts. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
/** Registries take 4 MiB. */
const manifestBytesMax = 8 * 1024 * 1024;

export function repositoryScope(repository: string, actions: "pull" | "push,pull" | "delete,pull"): string {
  return `repository:${repository}:${actions}`;
}

/** The digest that a tag or digest stands for; undefined where there is none. */
export async function findDigest(client: RegistryClient, repository: string, reference: string) {
  const answer = await client.send({
    method: "HEAD",
    path: `/v2/${repository}/manifests/${reference}`,
    scopes: [repositoryScope(repository, "pull")],
    headers: { accept: manifestTypes.join(", ") },
    expect: [200, 404],
    what: `to read ${repository}`,
  });
  const digest = answer.headers.get("docker-content-digest") ?? undefined;
  if (answer.status === 404) return undefined;
  return digest ?? (await getManifest(client, repository, reference)).digest;
}

/** Throws where the bytes are not what the digest says. */
export async function getManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<RemoteManifest> {
  const answer = await client.send({
    path: `/v2/${repository}/manifests/${reference}`,
    scopes: [repositoryScope(repository, "pull")],
    headers: { accept: manifestTypes.join(", ") },
    expect: [200],
    what: `to read ${repository}`,
  });
  const bytes = await readWhole(answer, manifestBytesMax);
  const claimed = reference.includes(":") ? reference : answer.headers.get("docker-content-digest");
  const digest = digestOf(bytes, claimed?.startsWith("sha512:") ? "sha512" : "sha256");
  if (claimed !== null && claimed !== digest)
    throw new Failure(`${client.host} gave other bytes for ${repository} than ${claimed} says`);
  return { digest, mediaType: (answer.headers.get("content-type") ?? "").split(";", 1)[0] ?? "", bytes };
}

/** Stores a manifest under a tag or its digest. What it refers to must be there. */
export async function putManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  { mediaType, bytes }: RemoteManifest,
): Promise<void> {
  await client.send({
    method: "PUT",
    path: `/v2/${repository}/manifests/${reference}`,
    scopes: [repositoryScope(repository, "push,pull")],
    headers: { "content-type": mediaType },
    body: () => bytes as Uint8Array<ArrayBuffer>,
    expect: [200, 201, 202],
    what: `to write ${repository}`,
  });
}

/** Removes a tag, or a manifest by its digest. */
export async function deleteManifest(client: RegistryClient, repository: string, reference: string): Promise<void> {
  await client.send({
    method: "DELETE",
    path: `/v2/${repository}/manifests/${reference}`,
    scopes: [repositoryScope(repository, "delete,pull")],
    expect: [200, 202, 204],
    what: `to delete from ${repository}`,
  });
}

/** What a manifest says. Throws where it is no JSON object. */
export function readDocument({ bytes, digest }: RemoteManifest): ManifestDocument {
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof document === "object" && document !== null) return document;
  throw new Failure(`${digest} is not a manifest`);
}

export function digestOf(bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** An answer's body, no longer than a limit. */
export async function readWhole(answer: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > bytesMax) throw new Failure(`an answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
