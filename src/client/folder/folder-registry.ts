import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import type { RemoteDescriptor } from "../registry/remote-manifest.ts";
import { type FolderManifest, type ImageFolder, readManifest } from "./image-folder.ts";

/**
 * A folder as a registry that answers reads, so that whatever copies between registries copies from a folder, too.
 * Repositories have their own names there; a layout, which has none, is called `image`.
 */
export function folderRegistry(folder: ImageFolder): Context["fetch"] {
  const referrers = new Map<string, Promise<ReadonlyMap<string, RemoteDescriptor[]>>>();
  const answer = async (request: Request): Promise<Response> => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (path === "/v2/") return Response.json({});
    const [, name = "", kind, reference = ""] = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(path) ?? [];
    const repository = repositoryOf(folder, name);
    switch (kind) {
      case "manifests":
        return answerManifest(await manifestOf(folder, repository, reference));
      case "blobs":
        return await answerBlob(folder, repository, reference, request.headers.get("range"));
      case "referrers": {
        const all = referrers.get(repository) ?? referrersIn(folder, repository);
        referrers.set(repository, all);
        return Response.json({ schemaVersion: 2, manifests: (await all).get(reference) ?? [] });
      }
      default:
        return notThere();
    }
  };
  return (request) =>
    answer(request).catch((error) => {
      if (error instanceof Failure) return refusal(400, error.message);
      throw error;
    });
}

/** What a repository of a folder is called in its registry. */
export function nameInRegistry(repository: string): string {
  return repository === "" ? "image" : repository;
}

function repositoryOf({ kind }: ImageFolder, name: string): string {
  return kind === "oci-layout" ? "" : name;
}

async function manifestOf(folder: ImageFolder, repository: string, reference: string) {
  if (reference.includes(":")) return await readManifest(folder, repository, reference);
  const image = (await folder.images(repository)).find(({ tags }) => tags.includes(reference));
  return image && (await readManifest(folder, repository, image.digest));
}

function answerManifest(manifest: FolderManifest | undefined): Response {
  if (!manifest) return notThere();
  const headers = { "content-type": manifest.mediaType, "docker-content-digest": manifest.digest };
  return new Response(manifest.bytes as Uint8Array<ArrayBuffer>, { headers });
}

async function answerBlob(folder: ImageFolder, repository: string, digest: string, range: string | null) {
  const start = Number(/^bytes=([0-9]{1,15})-$/.exec(range ?? "")?.[1] ?? 0);
  const blob = await folder.blob(repository, digest, start);
  if (!blob) return notThere();
  return new Response(blob.bytes as never, { status: start > 0 ? 206 : 200 });
}

/** By what they refer to. Every manifest that the repository names is read for it, once. */
async function referrersIn(folder: ImageFolder, repository: string): Promise<ReadonlyMap<string, RemoteDescriptor[]>> {
  const found = new Map<string, RemoteDescriptor[]>();
  for (const { digest } of await folder.images(repository)) {
    const manifest = await readManifest(folder, repository, digest).catch(() => undefined);
    if (!manifest?.subject) continue;
    const { mediaType, bytes, artifactType } = manifest;
    const descriptor = {
      mediaType,
      digest,
      size: bytes.byteLength,
      ...(artifactType !== undefined && { artifactType }),
    };
    found.set(manifest.subject, [...(found.get(manifest.subject) ?? []), descriptor]);
  }
  return found;
}

function notThere(): Response {
  return refusal(404, "it is not in the folder");
}

function refusal(status: number, message: string): Response {
  return Response.json({ errors: [{ code: "UNKNOWN", message }] }, { status });
}
