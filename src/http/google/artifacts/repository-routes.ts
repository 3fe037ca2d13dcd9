import { z } from "zod";
import type { Permission } from "../../../access/permissions.ts";
import { listChildren } from "../../../storage/metadata/listings.ts";
import { nextPageToken, pageQuery, parsePage } from "../page.ts";
import { type ApiCall, type Route, route } from "../route.ts";
import { ArtifactNames } from "./artifact-names.ts";
import { type ArtifactPlace, hasRepositories, locationsIn, regionOf } from "./artifact-place.ts";
import type { ArtifactTargets } from "./artifact-targets.ts";
import { selectPage } from "./selection.ts";

const list: Permission = "artifactregistry.repositories.list";
const repositoriesPerPageMax = 1000;
const region = "/v1/projects/{project}/locations/{region}";
const locationsQuery = z.strictObject({ ...pageQuery, filter: z.literal("").optional() });
/** What is not understood in them is refused; gcloud then asks again without, and filters and sorts itself. */
export const listQuery = z.strictObject({
  ...pageQuery,
  filter: z.string().max(1000).optional(),
  orderBy: z.string().max(200).optional(),
});

/** Artifact Registry v1: locations and repositories. They are there with the server's names, and are not made. */
export const artifactRepositoryRoutes: readonly Route[] = [
  // gcloud lists locations with the version before.
  ...["/v1", "/v1beta2"].map((version) =>
    route({
      method: "GET",
      pattern: `${version}/projects/{project}/locations`,
      target: "project",
      permission: list,
      query: locationsQuery,
      handle: listLocations,
    }),
  ),
  route({ method: "GET", pattern: region, target: "region", permission: list, handle: getLocation }),
  route({
    method: "GET",
    pattern: `${region}/repositories`,
    target: "region",
    permission: list,
    query: listQuery,
    handle: listRepositories,
  }),
  route({
    method: "GET",
    pattern: `${region}/repositories/{artifactRepository}`,
    target: "artifactRepository",
    permission: "artifactregistry.repositories.get",
    handle: async ({ services, found }) => repositoryJson(services, found),
  }),
  // Everything is done by the time that it is answered.
  route({
    method: "GET",
    pattern: `${region}/operations/{operation}`,
    target: "region",
    permission: list,
    handle: async ({ path, found }) =>
      doneOperation(`projects/${found.project.name}/locations/${found.region}`, path.operation),
  }),
];

/** A long-running operation that is over (google.longrunning.Operation). */
export function doneOperation(parent: string, id = "done") {
  const response = { "@type": "type.googleapis.com/google.protobuf.Empty" };
  return { name: `${parent}/operations/${id.slice(0, 100)}`, done: true, response };
}

async function listLocations(call: ApiCall<"project", unknown, z.infer<typeof locationsQuery>>) {
  const { services, found, query } = call;
  const page = parsePage(query, repositoriesPerPageMax);
  const regions = [...new Set(services.locations.map(regionOf))].sort().filter((each) => each > page.after);
  const some = regions.slice(0, page.limit);
  const locations = some.map((each) => locationJson(found.project.name, each));
  return { ...(locations.length > 0 && { locations }), ...nextPageToken(some, page) };
}

async function getLocation({ found }: ApiCall<"region", unknown, unknown>) {
  return locationJson(found.project.name, found.region);
}

function locationJson(project: string, region: string) {
  return { name: `projects/${project}/locations/${region}`, locationId: region, displayName: region };
}

async function listRepositories(call: ApiCall<"region", unknown, z.infer<typeof listQuery>>) {
  const { services, found, query } = call;
  const places = (await placesIn(call)).sort((a, b) => (a.repository < b.repository ? -1 : 1));
  const { rows, ...next } = await selectPage(query, repositoriesPerPageMax, {
    read: async (after, limit) => places.filter(({ repository }) => repository > after).slice(0, limit),
    keyOf: ({ repository }) => repository,
    fieldsOf: (place) => ({
      name: new ArtifactNames(found.project.name, place).repository,
      createTime: found.project.createdAt,
      updateTime: found.project.createdAt,
    }),
    filterable: ["name"],
    sortable: ["name", "createTime", "updateTime"],
  });
  const repositories = rows.map((place) => repositoryJson(services, { project: found.project, place }));
  return { ...(repositories.length > 0 && { repositories }), ...next };
}

/** A storage location is one repository; where paths have repositories in them, those that something was pushed to. */
async function placesIn({ services, found }: ApiCall<"region", unknown, unknown>): Promise<ArtifactPlace[]> {
  const { region, project } = found;
  const places: ArtifactPlace[] = [];
  for (const location of locationsIn(services.locations, region)) {
    const names = hasRepositories(location)
      ? await listChildren(services.metadata.read, location, project.id, "", repositoriesPerPageMax)
      : [];
    places.push(...names.map((repository) => ({ region, repository, location, prefix: `${repository}/` })));
    if (!hasRepositories(location)) places.push({ region, repository: location, location, prefix: "" });
  }
  return places;
}

function repositoryJson(
  { caches }: ApiCall<"region", unknown, unknown>["services"],
  { project, place }: ArtifactTargets["artifactRepository"],
) {
  const createTime = new Date(project.createdAt).toISOString();
  return {
    name: new ArtifactNames(project.name, place).repository,
    format: "DOCKER",
    mode: caches.upstreamOf(project.id) ? "REMOTE_REPOSITORY" : "STANDARD_REPOSITORY",
    createTime,
    updateTime: createTime,
    registryUri: `${place.location}/${project.name.replace(":", "/")}${place.prefix === "" ? "" : `/${place.repository}`}`,
  };
}
