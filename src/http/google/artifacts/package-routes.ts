import type { z } from "zod";
import { deleteArtifacts, type Permission } from "../../../access/permissions.ts";
import { principalKey } from "../../../identity/principal.ts";
import { parseDigest } from "../../../registry/digest.ts";
import { listShelf } from "../../../storage/metadata/artifacts.ts";
import { listImages } from "../../../storage/metadata/listings.ts";
import { type ApiCall, type Route, route } from "../route.ts";
import { ArtifactNames } from "./artifact-names.ts";
import { doneOperation, listQuery } from "./repository-routes.ts";
import { selectPage } from "./selection.ts";

const list: Permission = "artifactregistry.repositories.list";
const read: Permission = "artifactregistry.tags.list";
const packagesPerPageMax = 1000;
/** A deletion goes step by step, and others write in between. */
const imagesPerStep = 100;

const repository = "/v1/projects/{project}/locations/{region}/repositories/{artifactRepository}";
const one = `${repository}/packages/{package}`;

/** Artifact Registry v1: packages, which are images by their path. */
export const packageRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: `${repository}/packages`,
    target: "artifactRepository",
    permission: list,
    query: listQuery,
    handle: listPackages,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "package",
    permission: read,
    handle: async ({ found }) => ({
      name: new ArtifactNames(found.project.name, found.place).package(found.resolved.repository.image),
    }),
  }),
  route({ method: "DELETE", pattern: one, target: "package", permission: deleteArtifacts, handle: deletePackage }),
];

async function listPackages(call: ApiCall<"artifactRepository", unknown, z.infer<typeof listQuery>>) {
  const { services, found, query } = call;
  const { project, place } = found;
  const shelf = { location: place.location, projectId: project.id, prefix: place.prefix };
  const names = new ArtifactNames(project.name, place);
  const { rows, ...next } = await selectPage(query, packagesPerPageMax, {
    read: async (after, limit) => await listShelf(services.metadata.read, shelf, after, limit),
    keyOf: ({ name }) => name,
    fieldsOf: ({ name }) => ({ name: names.package(name) }),
    filterable: ["name"],
    sortable: ["name"],
  });
  const packages = rows.map(({ name }) => ({ name: names.package(name) }));
  return { ...(packages.length > 0 && { packages }), ...next };
}

/** All images and tags of the path. An immutable tag among them stops it where it stands. */
async function deletePackage({ services, caller, context, found }: ApiCall<"package", unknown, unknown>) {
  const { project, place, resolved, repositoryId } = found;
  context.waitForUs();
  for (let after = ""; ; ) {
    const images = await listImages(services.metadata.read, repositoryId, after, imagesPerStep);
    for (const { digest } of images) {
      const reference = { kind: "digest", digest: parseDigest(digest) } as const;
      await services.manifests.delete(resolved, reference, principalKey(caller.principal));
    }
    after = images.at(-1)?.digest ?? "";
    if (images.length < imagesPerStep) break;
  }
  return doneOperation(`projects/${project.name}/locations/${place.region}`);
}
