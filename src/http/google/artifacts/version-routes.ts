import { z } from "zod";
import { deleteArtifacts, type Permission } from "../../../access/permissions.ts";
import { principalKey } from "../../../identity/principal.ts";
import { type Digest, parseDigest } from "../../../registry/digest.ts";
import { findImage, listTagPage } from "../../../storage/metadata/artifacts.ts";
import { type ImageRow, listImages } from "../../../storage/metadata/listings.ts";
import { listTagsOf } from "../../../storage/metadata/versions.ts";
import { ApiError } from "../api-error.ts";
import { type ApiCall, type Route, route } from "../route.ts";
import { ArtifactNames } from "./artifact-names.ts";
import type { ArtifactTargets } from "./artifact-targets.ts";
import { doneOperation, listQuery } from "./repository-routes.ts";
import { selectPage } from "./selection.ts";

const read: Permission = "artifactregistry.tags.list";
const versionsPerPageMax = 1000;
const view = z.enum(["BASIC", "FULL", "VERSION_VIEW_UNSPECIFIED"]).optional();
const viewQuery = z.strictObject({ view });
const versionsQuery = listQuery.extend({ view });
const deleteQuery = z.strictObject({ force: z.enum(["true", "false"]).optional() });

const versions =
  "/v1/projects/{project}/locations/{region}/repositories/{artifactRepository}/packages/{package}/versions";

/** Artifact Registry v1: versions, which are manifests by their digests. */
export const versionRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: versions,
    target: "package",
    permission: read,
    query: versionsQuery,
    handle: listVersions,
  }),
  route({
    method: "GET",
    pattern: `${versions}/{version}`,
    target: "package",
    permission: read,
    query: viewQuery,
    handle: getVersion,
  }),
  route({
    method: "DELETE",
    pattern: `${versions}/{version}`,
    target: "package",
    permission: deleteArtifacts,
    query: deleteQuery,
    handle: deleteVersion,
  }),
];

async function listVersions(call: ApiCall<"package", unknown, z.infer<typeof versionsQuery>>) {
  const { services, found, query } = call;
  const names = new ArtifactNames(found.project.name, found.place);
  const { rows: images, ...next } = await selectPage(query, versionsPerPageMax, {
    read: async (after, limit) => await listImages(services.metadata.read, found.repositoryId, after, limit),
    keyOf: ({ digest }) => digest,
    fieldsOf: ({ digest, uploadedAt, imageSize }) => ({
      name: names.version(found.resolved.repository.image, digest),
      createTime: uploadedAt,
      updateTime: uploadedAt,
      imageSizeBytes: imageSize,
    }),
    filterable: ["name"],
    sortable: ["name", "createTime", "updateTime", "imageSizeBytes"],
  });
  const digests = images.map(({ digest }) => digest);
  const tags =
    query.view === "FULL" ? await listTagsOf(services.metadata.read, found.repositoryId, digests) : new Map();
  const rows = images.map((image) => versionJson(found, image, tags.get(image.digest) ?? []));
  return { ...(rows.length > 0 && { versions: rows }), ...next };
}

async function getVersion({ services, found, path, query }: ApiCall<"package", unknown, z.infer<typeof viewQuery>>) {
  const image = await findImage(services.metadata.read, found.repositoryId, parseVersion(path.version));
  if (!image) throw unknownVersion(path.version);
  const tags = await listTagsOf(services.metadata.read, found.repositoryId, [image.digest]);
  return versionJson(found, image, query.view === "FULL" ? (tags.get(image.digest) ?? []) : []);
}

/** As Google's: what is tagged is deleted only by who says so. */
async function deleteVersion(call: ApiCall<"package", unknown, z.infer<typeof deleteQuery>>) {
  const { services, caller, found, path, query } = call;
  const digest = parseVersion(path.version);
  const tags = await listTagPage(services.metadata.read, found.repositoryId, { after: "", digest }, 1);
  if (tags.length > 0 && query.force !== "true") {
    throw new ApiError(
      "FAILED_PRECONDITION",
      `Version ${digest} has the tag ${tags[0]?.name}: delete its tags first, or use force.`,
    );
  }
  await services.manifests.delete(found.resolved, { kind: "digest", digest }, principalKey(caller.principal));
  return doneOperation(`projects/${found.project.name}/locations/${found.place.region}`);
}

export function parseVersion(text = ""): Digest {
  try {
    return parseDigest(text);
  } catch {
    throw unknownVersion(text);
  }
}

export function unknownVersion(text = ""): ApiError {
  return new ApiError("NOT_FOUND", `There is no version ${text.slice(0, 80)}.`);
}

/** A version as `artifactregistry.v1` has it. */
function versionJson({ project, place, resolved }: ArtifactTargets["package"], row: ImageRow, tags: readonly string[]) {
  const { image } = resolved.repository;
  const names = new ArtifactNames(project.name, place);
  const time = new Date(row.uploadedAt).toISOString();
  const name = names.version(image, row.digest);
  const relatedTags = tags.map((tag) => ({ name: names.tag(image, tag), version: name }));
  return {
    name,
    createTime: time,
    updateTime: time,
    ...(relatedTags.length > 0 && { relatedTags }),
    metadata: {
      name: names.dockerImage(image, row.digest),
      imageSizeBytes: String(row.imageSize),
      mediaType: row.mediaType,
      ...(row.imageCreatedAt !== null && { buildTime: new Date(row.imageCreatedAt).toISOString() }),
    },
  };
}
