import { z } from "zod";
import type { Principal } from "../../identity/principal.ts";
import { parseUpstream } from "../../registry/upstream/upstream.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import { ApiError, invalidField } from "./api-error.ts";
import type { GoogleServices } from "./services.ts";

/** Ours, beside Google's fields: a project that is a cache of another registry. */
export const cacheFields = {
  upstream: z.string().max(255).optional(),
  upstreamCredentials: z
    .string()
    .max(40)
    .regex(/^[a-z-]+$/, "is not the name of a token source")
    .optional(),
};

type CacheFields = { upstream?: string | undefined; upstreamCredentials?: string | undefined };

/** Makes a project that is a cache from its first moment on. @param also done in the same transaction */
export async function createCache(
  { metadata, projects, caches, now }: Pick<GoogleServices, "metadata" | "projects" | "caches" | "now">,
  { projectId, name, upstream = "", upstreamCredentials = "" }: { projectId: string; name: string } & CacheFields,
  creator: Principal,
  also: (write: Writer, project: ProjectRow) => Promise<void>,
): Promise<ProjectRow> {
  const parsed = parseUpstream(upstream);
  if (!parsed) throw invalidField("upstream", "is HOST or HOST/PREFIX of another registry, like gcr.io/my-project");
  const project = await metadata.write(async (write) => {
    const made = await projects.createIn(write, projectId, name, creator);
    await also(write, made);
    await caches.add(write, { projectId: made.id, ...parsed, credentials: upstreamCredentials }, now());
    return made;
  });
  await caches.reload();
  return project;
}

/** What to say of a project that is a cache. */
export function cacheJson({ caches }: Pick<GoogleServices, "caches">, { id }: ProjectRow): CacheFields {
  const upstream = caches.upstreamOf(id);
  if (!upstream) return {};
  const { host, prefix, credentials } = upstream;
  const place = prefix === "" ? host : `${host}/${prefix}`;
  return { upstream: place, ...(credentials !== "" && { upstreamCredentials: credentials }) };
}

/** Credentials without a place to send them to are a mistake. */
export function requireUpstream({ upstream, upstreamCredentials }: CacheFields): void {
  if (upstream === undefined && upstreamCredentials !== undefined)
    throw new ApiError("INVALID_ARGUMENT", "upstreamCredentials go with upstream");
}
