import { type Digest, parseDigest } from "../../registry/digest.ts";
import { type ProjectPath, parseProjectPath } from "../../registry/project-path.ts";
import { parseReference, type Reference } from "../../registry/reference.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { parseRepository, type Repository } from "../../registry/repository.ts";

/** What a path names: under /v2/ (distribution-spec: Endpoints), and the two that `docker search` asks under /v1/. */
export type Route =
  | { readonly kind: "base" }
  | { readonly kind: "blob"; readonly repository: Repository; readonly digest: Digest }
  | { readonly kind: "uploads"; readonly repository: Repository }
  | { readonly kind: "upload"; readonly repository: Repository; readonly id: string }
  | { readonly kind: "manifest"; readonly repository: Repository; readonly reference: Reference }
  | { readonly kind: "tags"; readonly repository: Repository }
  | { readonly kind: "referrers"; readonly repository: Repository; readonly digest: Digest }
  | { readonly kind: "project"; readonly project: ProjectPath }
  | { readonly kind: "catalog" }
  | { readonly kind: "ping" }
  | { readonly kind: "search" };

const uploadsEnding = "/blobs/uploads";
const uploadId = /^[0-9a-f]{32}$/;

/**
 * Reads a path from its end, since a name may itself have `blobs`, `manifests` or `tags` in it. Dots and `%2e` that
 * climb were folded away before this, by the URL's own rules; a name that still has a `%` is refused.
 * Undefined where the path is nothing under /v2/; throws NAME_INVALID, DIGEST_INVALID, TAG_INVALID.
 */
export function parseRoute(path: string, location: string): Route | undefined {
  if (path === "/v2/" || path === "/v2") return { kind: "base" };
  if (path === "/v2/_catalog") return { kind: "catalog" };
  if (path === "/v1/_ping") return { kind: "ping" };
  if (path === "/v1/search") return { kind: "search" };
  if (!path.startsWith("/v2/")) return undefined;
  const rest = path.endsWith("/") ? path.slice("/v2/".length, -1) : path.slice("/v2/".length);
  if (rest.endsWith(uploadsEnding)) {
    return { kind: "uploads", repository: parseRepository(rest.slice(0, -uploadsEnding.length), location) };
  }
  const lastSlash = rest.lastIndexOf("/");
  const before = rest.slice(0, lastSlash);
  const last = decode(rest.slice(lastSlash + 1));
  const kindSlash = before.lastIndexOf("/");
  if (lastSlash === -1 || kindSlash === -1) return undefined;
  const name = before.slice(0, kindSlash);
  switch (before.slice(kindSlash + 1)) {
    case "blobs":
      return { kind: "blob", repository: parseRepository(name, location), digest: parseDigest(last) };
    case "manifests":
      return { kind: "manifest", repository: parseRepository(name, location), reference: parseReference(last) };
    case "tags":
      return last === "list" ? parseTags(name, location) : undefined;
    case "referrers":
      return { kind: "referrers", repository: parseRepository(name, location), digest: parseDigest(last) };
    case "uploads":
      return name.endsWith("/blobs") ? parseUpload(name.slice(0, -"/blobs".length), last, location) : undefined;
    default:
      return undefined;
  }
}

/** A project has no tags, but a list of them: that is how Google's clients find what lies below it. */
function parseTags(name: string, location: string): Route {
  const project = parseProjectPath(name, location);
  return project ? { kind: "project", project } : { kind: "tags", repository: parseRepository(name, location) };
}

function parseUpload(name: string, id: string, location: string): Route {
  const repository = parseRepository(name, location);
  if (uploadId.test(id)) return { kind: "upload", repository, id };
  throw new RegistryError("BLOB_UPLOAD_UNKNOWN", "there is no such upload here: begin a new one");
}

/** Some clients send the colon of a digest as %3A. */
function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RegistryError("NAME_INVALID", "the path is not well-formed");
  }
}
