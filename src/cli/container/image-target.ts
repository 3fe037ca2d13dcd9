import type { RegistryHost } from "../../sources/registry-host.ts";
import { UsageError } from "../command.ts";
import { parseImageName } from "../doctor/image-name.ts";

/** An image as a command names it: `HOST/PATH`, `HOST/PATH:TAG` or `HOST/PATH@DIGEST`. */
export type ImageTarget = {
  host: RegistryHost;
  repository: string;
  /** `HOST/PATH` */
  name: string;
  tag: string | undefined;
  digest: string | undefined;
};

/** Reads an image's name; neither tag nor digest is put in its place where there is none. */
export function parseImageTarget(text: string): ImageTarget {
  const { host, repository, reference } = parseImageName(text);
  if (repository === undefined)
    throw new UsageError(`${JSON.stringify(text)} does not name an image`, "like gcr.io/my-project/my-image");
  const isDigest = text.includes("@");
  const isTag = !isDigest && text.slice(text.lastIndexOf("/")).includes(":");
  return {
    host,
    repository,
    name: `${host}/${repository}`,
    tag: isTag ? reference : undefined,
    digest: isDigest ? reference : undefined,
  };
}

/** As `parseImageTarget`, for commands that are about a whole image and not one of its versions. */
export function parseImagePath(text: string): ImageTarget {
  const target = parseImageTarget(text);
  if (target.tag === undefined && target.digest === undefined) return target;
  throw new UsageError(`${JSON.stringify(text)} names one version of an image`, `the image itself is ${target.name}`);
}

/** As `parseImageTarget`, with the tag that must be there. */
export function parseTaggedImage(text: string): ImageTarget & { tag: string } {
  const target = parseImageTarget(text);
  if (target.tag !== undefined) return { ...target, tag: target.tag };
  throw new UsageError(`${JSON.stringify(text)} has no tag`, `like ${target.name}:TAG`);
}
