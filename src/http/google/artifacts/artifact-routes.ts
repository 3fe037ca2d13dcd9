import type { Route } from "../route.ts";
import { dockerImageRoutes } from "./docker-image-routes.ts";
import { occurrenceRoutes } from "./occurrence-routes.ts";
import { packageRoutes } from "./package-routes.ts";
import { artifactRepositoryRoutes } from "./repository-routes.ts";
import { artifactTagRoutes } from "./tag-routes.ts";
import { versionRoutes } from "./version-routes.ts";

/** Artifact Registry v1, for images. Policies of locations and images are beside it, in our own names. */
export const artifactRoutes: readonly Route[] = [
  ...artifactRepositoryRoutes,
  ...packageRoutes,
  ...versionRoutes,
  ...artifactTagRoutes,
  ...dockerImageRoutes,
  ...occurrenceRoutes,
];
