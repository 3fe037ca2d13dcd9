import type { z } from "zod";
import type { Permission } from "../../../access/permissions.ts";
import { resolveRepository } from "../../../registry/resolve.ts";
import { findImage, listShelfImages, type ShelvedImage } from "../../../storage/metadata/artifacts.ts";
import { listTagsOf } from "../../../storage/metadata/versions.ts";
import { ApiError, invalidField } from "../api-error.ts";
import { type ApiCall, type Route, route } from "../route.ts";
import { ArtifactNames } from "./artifact-names.ts";
import { decodedOnce, findPackage } from "./artifact-targets.ts";
import { listQuery } from "./repository-routes.ts";
import { selectPage } from "./selection.ts";

const list: Permission = "artifactregistry.repositories.list";
const imagesPerPageMax = 1000;
const images = "/v1/projects/{project}/locations/{region}/repositories/{artifactRepository}/dockerImages";

/** Artifact Registry v1: every image of a repository, whatever its path. */
export const dockerImageRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: images,
    target: "artifactRepository",
    permission: list,
    query: listQuery,
    handle: listDockerImages,
  }),
  route({
    method: "GET",
    pattern: `${images}/{image}`,
    target: "artifactRepository",
    permission: list,
    handle: getDockerImage,
  }),
];

async function listDockerImages(call: ApiCall<"artifactRepository", unknown, z.infer<typeof listQuery>>) {
  const { services, found, query } = call;
  const { project, place } = found;
  const shelf = { location: place.location, projectId: project.id, prefix: place.prefix };
  const names = new ArtifactNames(project.name, place);
  const { rows, ...next } = await selectPage(query, imagesPerPageMax, {
    read: async (after, limit) => {
      const [name = "", digest = ""] = after.split("@");
      return await listShelfImages(services.metadata.read, shelf, { name, digest }, limit);
    },
    keyOf: ({ repositoryName, digest }) => `${repositoryName}@${digest}`,
    fieldsOf: (row) => ({
      name: names.dockerImage(row.repositoryName, row.digest),
      uploadTime: row.uploadedAt,
      updateTime: row.uploadedAt,
      buildTime: row.imageCreatedAt ?? 0,
      imageSizeBytes: row.imageSize,
    }),
    filterable: ["name"],
    sortable: ["name", "uploadTime", "updateTime", "buildTime", "imageSizeBytes"],
  });
  const tags = await tagsOf(call, rows);
  const dockerImages = rows.map((row) => imageJson(names, row, tags.get(keyOf(row)) ?? []));
  return { ...(dockerImages.length > 0 && { dockerImages }), ...next };
}

async function getDockerImage(call: ApiCall<"artifactRepository", unknown, unknown>) {
  const { services, found, path } = call;
  const [, image, digest] = /^(.+)@([^@]+)$/.exec(decodedOnce(path.image ?? "")) ?? [];
  if (image === undefined || digest === undefined) throw invalidField("name", "is IMAGE@DIGEST");
  const target = await findPackage(services, { ...path, package: image });
  const resolved = target.found && (await resolveRepository(services.metadata, target.found.resolved.repository));
  const row =
    resolved?.repositoryId !== undefined && (await findImage(services.metadata.read, resolved.repositoryId, digest));
  if (!resolved?.repositoryId || !row)
    throw new ApiError("NOT_FOUND", `There is no image ${path.image?.slice(0, 300)}.`);
  const shelved = { ...row, repositoryId: resolved.repositoryId, repositoryName: resolved.repository.image };
  const tags = await listTagsOf(services.metadata.read, resolved.repositoryId, [digest]);
  return imageJson(new ArtifactNames(found.project.name, found.place), shelved, tags.get(digest) ?? []);
}

/** One look-up for each repository of the page. */
async function tagsOf({ services }: ApiCall<"artifactRepository", unknown, unknown>, rows: readonly ShelvedImage[]) {
  const tags = new Map<string, readonly string[]>();
  for (const repositoryId of new Set(rows.map((row) => row.repositoryId))) {
    const digests = rows.filter((row) => row.repositoryId === repositoryId).map(({ digest }) => digest);
    const found = await listTagsOf(services.metadata.read, repositoryId, digests);
    for (const [digest, names] of found) tags.set(keyOf({ repositoryId, digest }), names);
  }
  return tags;
}

function keyOf({ repositoryId, digest }: Pick<ShelvedImage, "repositoryId" | "digest">): string {
  return `${repositoryId} ${digest}`;
}

/** An image as `artifactregistry.v1` has it (DockerImage). */
function imageJson(names: ArtifactNames, row: ShelvedImage, tags: readonly string[]) {
  const uploadTime = new Date(row.uploadedAt).toISOString();
  return {
    name: names.dockerImage(row.repositoryName, row.digest),
    uri: names.uri(row.repositoryName, row.digest),
    ...(tags.length > 0 && { tags }),
    imageSizeBytes: String(row.imageSize),
    mediaType: row.mediaType,
    uploadTime,
    updateTime: uploadTime,
    ...(row.imageCreatedAt !== null && { buildTime: new Date(row.imageCreatedAt).toISOString() }),
  };
}
