import { z } from "zod";
import type { Permission } from "../../../access/permissions.ts";
import { principalKey } from "../../../identity/principal.ts";
import type { Digest } from "../../../registry/digest.ts";
import { parseTag, type Tag } from "../../../registry/reference.ts";
import { listTagPage } from "../../../storage/metadata/artifacts.ts";
import { ApiError, invalidField } from "../api-error.ts";
import { pageQuery } from "../page.ts";
import { type ApiCall, type Route, route } from "../route.ts";
import { ArtifactNames } from "./artifact-names.ts";
import type { ArtifactTargets } from "./artifact-targets.ts";
import { selectPage } from "./selection.ts";
import { parseVersion } from "./version-routes.ts";

const read: Permission = "artifactregistry.tags.list";
const tagsPerPageMax = 1000;
const tagsQuery = z.strictObject({ ...pageQuery, filter: z.string().max(1000).optional() });
const tagSchema = z.strictObject({ name: z.string().max(1000).optional(), version: z.string().max(1000) });
const createQuery = z.strictObject({ tagId: z.string().max(200) });
const patchQuery = z.strictObject({
  updateMask: z.enum(["version"], "may name version: a tag has nothing else to change").optional(),
});

const tags = "/v1/projects/{project}/locations/{region}/repositories/{artifactRepository}/packages/{package}/tags";
const one = `${tags}/{tag}`;

type TagBody = z.infer<typeof tagSchema>;

/** Artifact Registry v1: tags. */
export const artifactTagRoutes: readonly Route[] = [
  route({ method: "GET", pattern: tags, target: "package", permission: read, query: tagsQuery, handle: listTags }),
  route({
    method: "POST",
    pattern: tags,
    target: "package",
    permission: "artifactregistry.tags.create",
    query: createQuery,
    body: tagSchema,
    handle: async (call) => await setTag(call, call.query.tagId, "create"),
  }),
  route({ method: "GET", pattern: one, target: "package", permission: read, handle: getTag }),
  route({
    method: "PATCH",
    pattern: one,
    target: "package",
    permission: "artifactregistry.tags.update",
    query: patchQuery,
    body: tagSchema,
    handle: async (call) => await setTag(call, call.path.tag, "move"),
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "package",
    permission: "artifactregistry.tags.delete",
    handle: async ({ services, caller, found, path }) => {
      const reference = { kind: "tag", tag: tagNamed(path.tag) } as const;
      await services.manifests.delete(found.resolved, reference, principalKey(caller.principal));
      return {};
    },
  }),
];

async function listTags({ services, found, query }: ApiCall<"package", unknown, z.infer<typeof tagsQuery>>) {
  // What gcloud asks most, by an index of its own.
  const digest = versionFilter(query.filter ?? "", found);
  const asked = digest === undefined ? query : { ...query, filter: undefined };
  const { rows, ...next } = await selectPage(asked, tagsPerPageMax, {
    read: async (after, limit) =>
      await listTagPage(services.metadata.read, found.repositoryId, { after, digest }, limit),
    keyOf: ({ name }) => name,
    fieldsOf: ({ name, digest }) => ({ ...tagJson(found, name, digest) }),
    filterable: ["name", "version"],
  });
  const list = rows.map(({ name, digest }) => tagJson(found, name, digest));
  return { ...(list.length > 0 && { tags: list }), ...next };
}

async function getTag({ services, found, path }: ApiCall<"package", unknown, unknown>) {
  const tag = tagNamed(path.tag);
  const digest = await services.metadata.hot.tagDigest(found.repositoryId, tag);
  if (digest === undefined) throw new ApiError("NOT_FOUND", `There is no tag ${tag}.`);
  return tagJson(found, tag, digest);
}

/** Making a tag never moves one, and moving one never makes it: each has its own permission. */
async function setTag(call: ApiCall<"package", TagBody, unknown>, name: string | undefined, change: "create" | "move") {
  const { services, caller, found, body } = call;
  const tag = tagNamed(name);
  const digest = versionIn(body.version, found);
  if (body.name !== undefined && lastPart(body.name) !== tag) throw invalidField("name", "is another tag's");
  const upstream = services.caches.upstreamOf(found.project.id);
  if (upstream)
    throw new ApiError("FAILED_PRECONDITION", `${found.project.name} is a cache of ${upstream.host}: tag it there.`);
  await services.manifests.tag(found.resolved, tag, digest, {
    principal: principalKey(caller.principal),
    allowTag: (actual) => {
      if (actual === change) return;
      if (actual === "move") throw new ApiError("ALREADY_EXISTS", `Tag ${tag} exists already: move it with PATCH.`);
      throw new ApiError("NOT_FOUND", `There is no tag ${tag}.`);
    },
  });
  return tagJson(found, tag, digest);
}

/** The digest of `version="projects/…/versions/sha256:…"` alone, without a `*`; undefined for any other filter. */
function versionFilter(text: string, found: ArtifactTargets["package"]): Digest | undefined {
  const [, version] = /^\s*version\s*=\s*"([^"*]+)"\s*$/.exec(text) ?? [];
  return version === undefined ? undefined : versionIn(version, found);
}

/** A version's whole name must be of this package: a digest elsewhere is another thing. */
function versionIn(name: string, { project, place, resolved }: ArtifactTargets["package"]): Digest {
  const digest = parseVersion(lastPart(name));
  const own = new ArtifactNames(project.name, place).version(resolved.repository.image, digest);
  if (decodeURIComponent(own) === safelyDecoded(name)) return digest;
  throw invalidField("version", "is not a version of this package");
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function tagNamed(text = ""): Tag {
  try {
    return parseTag(text);
  } catch (error) {
    throw invalidField("tag", (error as Error).message);
  }
}

/** A tag as `artifactregistry.v1` has it. */
function tagJson({ project, place, resolved }: ArtifactTargets["package"], tag: string, digest: string) {
  const names = new ArtifactNames(project.name, place);
  const { image } = resolved.repository;
  return { name: names.tag(image, tag), version: names.version(image, digest) };
}
