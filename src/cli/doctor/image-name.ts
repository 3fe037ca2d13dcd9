import { parseRegistryHost, type RegistryHost } from "../../sources/registry-host.ts";
import { UsageError } from "../command.ts";

/** An image as docker reads it, or a registry alone. */
export type ImageName = {
  text: string;
  host: RegistryHost;
  repository: string | undefined;
  /** A tag or a digest. */
  reference: string;
};

// distribution-spec: Pulling manifests. A digest ends the name, a tag stands before it and is then ignored.
const pattern = /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-fA-F]{32,}))?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Reads `HOST/PATH[:TAG][@DIGEST]`, or `HOST`. */
export function parseImageName(text: string): ImageName {
  const slash = text.indexOf("/");
  const host = parseRegistryHost(slash < 0 ? text : text.slice(0, slash));
  if (host === undefined || !/[.:]|^localhost$/.test(host))
    throw new UsageError(`${JSON.stringify(text)} does not name a registry`, "like gcr.io/my-project/my-image:1");
  if (slash < 0) return { text, host, repository: undefined, reference: "" };
  const [, repository = "", tag = "latest", digest] = pattern.exec(text.slice(slash + 1)) ?? [];
  if (!repositoryPattern.test(repository))
    throw new UsageError(`${JSON.stringify(text)} is not an image's name`, "names are in lower case: HOST/PATH:TAG");
  return { text, host, repository, reference: digest ?? tag };
}
