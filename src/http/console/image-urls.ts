import { repositoryPath } from "../../registry/repository.ts";
import type { RequestContext } from "../names.ts";
import { projectUrl } from "./page.ts";

/** A repository as addresses name it. */
export interface RepositoryName {
  readonly project: string;
  readonly location: string;
  /** The path below the project. */
  readonly image: string;
}

/** What is done with a repository or an image, as addresses say it. */
export type ImageAct = "images" | "tags" | "untag" | "delete";

/** Where the page of a repository is, or with a digest or tag that of an image. Slashes in names stay slashes. */
export function imageUrl({ project, location, image }: RepositoryName, reference?: string, act: ImageAct = "images") {
  const path = image.split("/").map(encodeURIComponent).join("/");
  return projectUrl(project, `/${act}/${encodeURIComponent(location)}/${path}${reference ? `@${reference}` : ""}`);
}

/** `localhost:5000/demo/app`: how clients name a repository. */
export function clientName({ project, location, image }: RepositoryName, context: RequestContext): string {
  return `${locationHost(location, context)}/${repositoryPath(project, image)}`;
}

/** The host that stands for a location. The one that this page was asked under is known to work. */
export function locationHost(location: string, context: RequestContext): string {
  return location === context.location ? context.host : location;
}

/** The first twelve digits: `4a1c0e29b7d3`. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

const kinds: Readonly<Record<string, string>> = {
  "application/vnd.oci.image.manifest.v1+json": "OCI image",
  "application/vnd.oci.image.index.v1+json": "OCI index",
  "application/vnd.docker.distribution.manifest.v2+json": "Docker image",
  "application/vnd.docker.distribution.manifest.list.v2+json": "Docker list",
};

/** What a manifest is, in two words. */
export function kindText(mediaType: string): string {
  return kinds[mediaType] ?? mediaType;
}
