import { digestParts, type FolderImage, type ImageFolder, isName, isTag, manifestBytesMax } from "./image-folder.ts";
import type { SafeFolder } from "./safe-folder.ts";

const root = ["docker", "registry", "v2"] as const;
const linkBytesMax = 256;
const depthMax = 32;

/**
 * The folder of Docker's registry (distribution, docker-registry), as its storage driver `filesystem` writes it.
 *
 * ```
 * docker/registry/v2/
 *   blobs/sha256/3f/3f9a…/data
 *   repositories/NAME/
 *     _manifests/tags/TAG/current/link          holds a digest
 *     _manifests/revisions/sha256/3f9a…/link    every manifest that was pushed and not deleted
 *     _layers/sha256/3f9a…/link
 * ```
 *
 * @param withUntagged also manifests that lost their tag: the registry itself keeps them until somebody deletes them
 */
export async function openDistribution(folder: SafeFolder, withUntagged: boolean): Promise<ImageFolder | undefined> {
  if (!(await folder.list(...root, "repositories"))) return undefined;
  const at = (repository: string, ...parts: readonly string[]) => [
    ...root,
    "repositories",
    ...repository.split("/"),
    ...parts,
  ];
  const dataOf = ([algorithm, hex]: readonly [string, string]) => [
    ...root,
    "blobs",
    algorithm,
    hex.slice(0, 2),
    hex,
    "data",
  ];
  const link = async (...parts: readonly string[]) => {
    const bytes = await folder.read(linkBytesMax, ...parts);
    const digest = bytes && new TextDecoder().decode(bytes).trim();
    return digest !== undefined && digestParts(digest) ? digest : undefined;
  };
  /** A repository has what it links to, and no more: its storage is one for all. */
  const linked = async (repository: string, kind: readonly string[], digest: string) => {
    const parts = digestParts(digest);
    return parts && (await link(...at(repository, ...kind, ...parts, "link"))) === digest ? parts : undefined;
  };
  async function* names(parts: readonly string[]): AsyncGenerator<string> {
    const entries = (await folder.list(...root, "repositories", ...parts)) ?? [];
    if (entries.some(({ name }) => name === "_manifests") && isName(parts.join("/"))) yield parts.join("/");
    if (parts.length === depthMax) return;
    for (const { name, isFolder } of entries) if (isFolder && isName(name)) yield* names([...parts, name]);
  }
  return {
    kind: "docker-registry",
    repositories: () => names([]),
    async images(repository) {
      const byDigest = new Map<string, string[]>();
      for (const { name, isFolder } of (await folder.list(...at(repository, "_manifests", "tags"))) ?? []) {
        if (!isFolder || !isTag(name)) continue;
        const digest = await link(...at(repository, "_manifests", "tags", name, "current", "link"));
        if (digest) byDigest.set(digest, [...(byDigest.get(digest) ?? []), name]);
      }
      if (withUntagged) {
        for (const algorithm of ["sha256", "sha512"]) {
          const found = (await folder.list(...at(repository, "_manifests", "revisions", algorithm))) ?? [];
          for (const { name } of found) {
            const digest = `${algorithm}:${name}`;
            const isThere = await linked(repository, ["_manifests", "revisions"], digest);
            if (isThere && !byDigest.has(digest)) byDigest.set(digest, []);
          }
        }
      }
      return [...byDigest].map(([digest, tags]): FolderImage => ({ digest, tags }));
    },
    async manifestBytes(repository, digest) {
      const parts = await linked(repository, ["_manifests", "revisions"], digest);
      return parts && (await folder.read(manifestBytesMax, ...dataOf(parts)));
    },
    async blob(repository, digest, start) {
      const parts = await linked(repository, ["_layers"], digest);
      return parts && (await folder.stream(start, ...dataOf(parts)));
    },
  };
}
