import { RegistryError } from "./registry-error.ts";

/** Where images of one name lie. Only `parseRepository` makes one. */
export interface Repository {
  /** The storage location: one host name of the registry. */
  readonly location: string;
  /** `my-project`, or `example.com:my-project` for a domain-scoped project. */
  readonly project: string;
  /** The path below the project. */
  readonly image: string;
  /** The name as OCI knows it: `my-project/image` or `example.com/my-project/image`. */
  readonly path: string;
  readonly [repositoryBrand]: true;
}
declare const repositoryBrand: unique symbol;

/** distribution-spec: Pulling manifests, `<name>`. */
const wellFormed = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
/** Many clients cut longer names. */
const pathCharactersMax = 255;

/**
 * Reads PROJECT/IMAGE, or DOMAIN/PROJECT/IMAGE where the first part has a dot. Throws NAME_INVALID.
 *
 * @param path the name between `/v2/` and what is asked of it
 * @param location the storage location that the request's host names
 */
export function parseRepository(path: string, location: string): Repository {
  if (path.length > pathCharactersMax) {
    throw new RegistryError("NAME_INVALID", `a repository name may have ${pathCharactersMax} characters at most`);
  }
  if (!wellFormed.test(path)) {
    throw new RegistryError(
      "NAME_INVALID",
      "a repository name is lower-case letters, digits, and single . _ - between them, in parts divided by /",
    );
  }
  const [first = "", second, ...rest] = path.split("/");
  if (second === undefined || (first.includes(".") && rest.length === 0)) {
    throw new RegistryError("NAME_INVALID", `"${path}" names no image: write PROJECT/IMAGE, or DOMAIN/PROJECT/IMAGE`);
  }
  const [project, image] = first.includes(".")
    ? [`${first}:${second}`, rest.join("/")]
    : [first, [second, ...rest].join("/")];
  return { location, project, image, path } as Repository;
}

/** The name of a repository as OCI knows it, from its project and the path below that. */
export function repositoryPath(project: string, image: string): string {
  return `${project.replace(":", "/")}/${image}`;
}
