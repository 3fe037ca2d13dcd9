/** The metadata of two repositories as a few maps, to hold the databases against. Plain data: a transaction works on a copy. */
export interface Model {
  /** Living projects: name to id. */
  readonly projects: Map<string, string>;
  /** Digest to object, the quarantined among them. */
  readonly blobs: Map<string, string>;
  readonly quarantined: Set<string>;
  readonly repositories: readonly RepositoryModel[];
}

export interface RepositoryModel {
  readonly links: Set<string>;
  readonly manifests: Set<string>;
  readonly tags: Map<string, string>;
  readonly history: { name: string; from: string | null; to: string | null; at: number }[];
}

/** What a foreign key refuses, and with it the whole transaction. */
export class Refused extends Error {}

export function emptyModel(): Model {
  const repositories = [0, 1].map(() => ({ links: new Set(), manifests: new Set(), tags: new Map(), history: [] }));
  return { projects: new Map(), blobs: new Map(), quarantined: new Set(), repositories } as Model;
}

export const model = {
  insertProject({ projects }: Model, name: string, id: string): boolean {
    if (projects.has(name)) return false;
    projects.set(name, id);
    return true;
  },

  deleteProject({ projects }: Model, name: string): void {
    projects.delete(name);
  },

  commitBlob(
    { blobs, quarantined }: Model,
    { links }: RepositoryModel,
    digest: string,
    key: string,
  ): string | undefined {
    links.add(digest);
    const old = blobs.get(digest);
    if (old !== undefined && !quarantined.has(digest)) return key;
    blobs.set(digest, key);
    quarantined.delete(digest);
    return old;
  },

  linkBlob({ blobs }: Model, { links }: RepositoryModel, digest: string): void {
    if (!blobs.has(digest)) throw new Refused();
    links.add(digest);
  },

  unlinkBlob: (_: Model, { links }: RepositoryModel, digest: string): boolean => links.delete(digest),

  quarantine({ blobs, quarantined }: Model, digest: string): void {
    if (blobs.has(digest)) quarantined.add(digest);
  },

  insertManifest(_: Model, { manifests }: RepositoryModel, digest: string): void {
    manifests.add(digest);
  },

  deleteManifest(_: Model, { manifests, tags }: RepositoryModel, digest: string): boolean {
    if ([...tags.values()].includes(digest)) throw new Refused();
    return manifests.delete(digest);
  },

  putTag(_: Model, repository: RepositoryModel, name: string, digest: string, at: number): string | undefined {
    const from = repository.tags.get(name);
    if (from === digest) return from;
    if (!repository.manifests.has(digest)) throw new Refused();
    repository.tags.set(name, digest);
    repository.history.push({ name, from: from ?? null, to: digest, at });
    return from;
  },

  deleteTag(_: Model, repository: RepositoryModel, name: string, at: number): boolean {
    const from = repository.tags.get(name);
    if (from === undefined) return false;
    repository.tags.delete(name);
    repository.history.push({ name, from, to: null, at });
    return true;
  },

  deleteTagsOf(state: Model, repository: RepositoryModel, digest: string, at: number): string[] {
    const names = [...repository.tags].filter(([, to]) => to === digest).map(([name]) => name);
    for (const name of names) model.deleteTag(state, repository, name, at);
    return names.sort();
  },
};
