import { listRemoteImages, type RemoteImage } from "../../client/registry/remote-listing.ts";
import { type AdministrationInvocation, show, type Table } from "../administration.ts";
import { parseImagePath } from "./image-target.ts";
import { parseLimit } from "./limit.ts";
import { openRegistry } from "./open-registry.ts";

/** As many digits of a digest as tell it from its neighbours at a glance. */
const shortDigestCharacters = 12;

/** `waybill container images list-tags` */
export async function listTags(invocation: AdministrationInvocation<"limit">): Promise<number> {
  const [text = ""] = invocation.positionals;
  const { host, repository } = parseImagePath(text);
  const limit = parseLimit(invocation.values.limit);
  const images = (await listRemoteImages(openRegistry(host, invocation), repository)).slice(0, limit);
  show(invocation, images.map(toAnswer), table(images));
  return 0;
}

function toAnswer({ digest, tags, mediaType, sizeBytes, createdAt, uploadedAt }: RemoteImage) {
  return {
    digest,
    tags,
    ...(createdAt !== undefined && { timestamp: timestamp(createdAt) }),
    ...(mediaType !== undefined && { mediaType }),
    ...(sizeBytes !== undefined && { imageSizeBytes: String(sizeBytes) }),
    ...(uploadedAt !== undefined && { uploadTime: new Date(uploadedAt).toISOString() }),
  };
}

/** The parts by the names that scripts over gcloud's output read. */
function timestamp(milliseconds: number) {
  const date = new Date(milliseconds);
  return {
    datetime: `${date.toISOString().slice(0, 19).replace("T", " ")}+00:00`,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: date.getUTCMilliseconds() * 1000,
  };
}

function table(images: readonly RemoteImage[]): Table {
  const rows = images.map(({ digest, tags, createdAt }) => [
    digest.split(":", 2)[1]?.slice(0, shortDigestCharacters),
    tags.join(","),
    createdAt === undefined ? "" : new Date(createdAt).toISOString().slice(0, 19),
  ]);
  return { headings: ["DIGEST", "TAGS", "TIMESTAMP"], rows };
}
