import { Failure } from "../../sources/failure.ts";
import { digestParts, type FolderImage, type ImageFolder, isName, isTag, manifestBytesMax } from "./image-folder.ts";
import type { SafeFolder } from "./safe-folder.ts";

const indexBytesMax = 64 * 1024 * 1024;
const markerBytesMax = 1024;
const depthMax = 32;
/** What names an image in an index: the tag, or a whole reference. */
const nameKeys = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

type Entry = { digest?: unknown; annotations?: Record<string, unknown> | null };

/**
 * An OCI image layout (image-spec: Image Layout), or zot's storage, which is a tree of them.
 *
 * ```
 * [NAME/]
 *   oci-layout              {"imageLayoutVersion": "1.0.0"}
 *   index.json              what there is, with tags as annotations; in zot's also what refers to something
 *   blobs/sha256/3f9a…      manifests and blobs
 * ```
 */
export async function openLayouts(folder: SafeFolder): Promise<ImageFolder | undefined> {
  const isLayout = async (parts: readonly string[]) =>
    (await folder.read(markerBytesMax, ...parts, "oci-layout")) !== undefined;
  const isSingle = await isLayout([]);
  async function* names(parts: readonly string[]): AsyncGenerator<string> {
    if (parts.length > 0 && (await isLayout(parts))) yield parts.join("/");
    if (parts.length === depthMax) return;
    for (const { name, isFolder } of (await folder.list(...parts)) ?? []) {
      // zot's own: `.uploads`, `_trivy`, `blobs` of a repository.
      if (!isFolder || !isName(name) || (name === "blobs" && parts.length > 0)) continue;
      yield* names([...parts, name]);
    }
  }
  async function* repositories(): AsyncGenerator<string> {
    if (isSingle) yield "";
    else yield* names([]);
  }
  if (!isSingle && (await repositories().next()).done) return undefined;
  const at = (repository: string, ...parts: readonly string[]) => [
    ...repository.split("/").filter((part) => part !== ""),
    ...parts,
  ];
  return {
    kind: isSingle ? "oci-layout" : "zot",
    repositories,
    async images(repository) {
      const bytes = await folder.read(indexBytesMax, ...at(repository, "index.json"));
      if (!bytes) throw new Failure(`${repository || folder.path} has an oci-layout and no index.json`);
      const byDigest = new Map<string, Set<string>>();
      for (const { digest, annotations } of entriesOf(bytes, repository)) {
        if (typeof digest !== "string" || !digestParts(digest))
          throw new Failure(`index.json of ${repository || folder.path} names something without a digest`);
        const tags = byDigest.get(digest) ?? new Set();
        byDigest.set(digest, tags);
        for (const key of nameKeys) {
          const tag = tagOf(annotations?.[key]);
          if (tag !== undefined) tags.add(tag);
        }
      }
      return [...byDigest].map(([digest, tags]): FolderImage => ({ digest, tags: [...tags] }));
    },
    async manifestBytes(repository, digest) {
      const parts = digestParts(digest);
      return parts && (await folder.read(manifestBytesMax, ...at(repository, "blobs", ...parts)));
    },
    async blob(repository, digest, start) {
      const parts = digestParts(digest);
      return parts && (await folder.stream(start, ...at(repository, "blobs", ...parts)));
    },
  };
}

function entriesOf(bytes: Uint8Array, repository: string): readonly Entry[] {
  try {
    const { manifests } = JSON.parse(new TextDecoder().decode(bytes)) as { manifests?: Entry[] };
    if (Array.isArray(manifests)) return manifests.filter((entry) => typeof entry === "object" && entry !== null);
  } catch {
    // Said below.
  }
  throw new Failure(`index.json of ${repository || "the layout"} is none`);
}

/** `1.0` of `1.0`, and of `docker.io/library/app:1.0`. */
function tagOf(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const tag = name.slice(name.lastIndexOf(":") + 1);
  return isTag(tag) ? tag : undefined;
}
