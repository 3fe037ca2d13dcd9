import { parseReference, type Reference } from "../../registry/reference.ts";
import { parseRepository } from "../../registry/repository.ts";
import type { ResolvedRepository } from "../../registry/resolve.ts";
import type { ConsoleCall } from "./console-route.ts";
import type { RepositoryName } from "./image-urls.ts";

export type RepositoryCall<Form = unknown, Query = unknown> = ConsoleCall<"repository", Form, Query>;

/** The repository that a page's address names: for addresses, and for the registry. */
export function resolvedFrom({ path, found }: RepositoryCall): { name: RepositoryName; resolved: ResolvedRepository } {
  const { project = "", location = "", repository = "" } = path;
  const { projectId, repositoryId } = found.rulesOf;
  const named = parseRepository(`${project.replace(":", "/")}/${repository}`, location);
  return {
    name: { project, location, image: repository },
    resolved: { repository: named, projectId, repositoryId },
  };
}

/** The tag or digest that it names after the `@`. Throws TAG_INVALID or DIGEST_INVALID. */
export function referenceFrom({ path }: RepositoryCall): Reference {
  return parseReference(path.reference ?? "");
}
