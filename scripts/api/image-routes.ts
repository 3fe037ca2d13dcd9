/** The rows of docs/api.md for src/http/distribution: one or more for each kind of route that it parses. */
import { deleteArtifacts, pull, push } from "../../src/access/permissions.ts";
import type { Route } from "../../src/http/distribution/route.ts";

export interface ImageRoute {
  readonly methods: string;
  readonly path: string;
  readonly permission: string;
  readonly specification: string;
}

const spec = (anchor: string, title: string) =>
  `[distribution-spec: ${title}](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#${anchor})`;
const pulling = spec("pull", "Pull");
const pushing = spec("push", "Push");
const deleting = spec("content-management", "Content Management");
const tagging = "`artifactregistry.tags.create`, to move one `artifactregistry.tags.update`";
const quoted = (permission: string) => `\`${permission}\``;

/** The type makes a kind that is missing here an error. */
export const imageRoutes: Readonly<Record<Route["kind"], readonly ImageRoute[]>> = {
  base: [
    {
      methods: "GET",
      path: "/v2/",
      permission: "none, but a token",
      specification: spec("determining-support", "Determining Support"),
    },
  ],
  manifest: [
    {
      methods: "GET, HEAD",
      path: "/v2/{name}/manifests/{reference}",
      permission: quoted(pull),
      specification: pulling,
    },
    {
      methods: "PUT",
      path: "/v2/{name}/manifests/{reference}",
      permission: `${quoted(push)}; with a tag ${tagging}`,
      specification: pushing,
    },
    {
      methods: "DELETE",
      path: "/v2/{name}/manifests/{digest}",
      permission: quoted(deleteArtifacts),
      specification: deleting,
    },
    {
      methods: "DELETE",
      path: "/v2/{name}/manifests/{tag}",
      permission: "`artifactregistry.tags.delete`",
      specification: deleting,
    },
  ],
  blob: [
    { methods: "GET, HEAD", path: "/v2/{name}/blobs/{digest}", permission: quoted(pull), specification: pulling },
    {
      methods: "DELETE",
      path: "/v2/{name}/blobs/{digest}",
      permission: quoted(deleteArtifacts),
      specification: deleting,
    },
  ],
  uploads: [
    {
      methods: "POST",
      path: "/v2/{name}/blobs/uploads/",
      permission: `${quoted(push)}; to mount, ${quoted(pull)} on the source`,
      specification: pushing,
    },
  ],
  upload: [
    {
      methods: "GET, PATCH, PUT, DELETE",
      path: "/v2/{name}/blobs/uploads/{id}",
      permission: `${quoted(push)}, and to be who began it`,
      specification: pushing,
    },
  ],
  tags: [
    {
      methods: "GET, HEAD",
      path: "/v2/{name}/tags/list",
      permission: "`artifactregistry.tags.list`",
      specification: spec("listing-tags", "Listing Tags"),
    },
  ],
  project: [
    {
      methods: "GET, HEAD",
      path: "/v2/{project}/tags/list",
      permission: "`artifactregistry.repositories.list`, of each that is shown",
      specification: "[gcrane](https://github.com/google/go-containerregistry/blob/main/cmd/gcrane/README.md) reads it",
    },
  ],
  referrers: [
    {
      methods: "GET, HEAD",
      path: "/v2/{name}/referrers/{digest}",
      permission: quoted(pull),
      specification: spec("listing-referrers", "Listing Referrers"),
    },
  ],
  catalog: [
    {
      methods: "GET, HEAD",
      path: "/v2/_catalog",
      permission: "`artifactregistry.repositories.list`, of each that is shown",
      specification:
        "[distribution: Catalog](https://distribution.github.io/distribution/spec/api/#listing-repositories)",
    },
  ],
  ping: [{ methods: "GET", path: "/v1/_ping", permission: "none", specification: "`docker search`" }],
  search: [
    {
      methods: "GET",
      path: "/v1/search",
      permission: "`artifactregistry.repositories.list`, of each that is shown",
      specification: "`docker search`",
    },
  ],
};
