import { listReferrers, type ReferrerRow } from "../storage/metadata/manifests.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Digest } from "./digest.ts";
import type { ResolvedRepository } from "./resolve.ts";

/** image-spec: Content Descriptors, with what a referrers listing adds. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: unknown;
}

export interface ReferrerPage {
  readonly referrers: readonly Referrer[];
  /** Where the next page begins; absent where there is none. */
  readonly next: string | undefined;
}

const pageSize = 100;
/** Each referrer is read for its annotations, and one may have 4 MiB: a page ends where they would fill the memory. */
const pageBytesMax = 8 * 1024 * 1024;

/** What refers to a manifest: signatures, SBOMs, attestations. The manifest itself need not be there. */
export async function referrerPage(
  metadata: Metadata,
  { repositoryId }: ResolvedRepository,
  subject: Digest,
  artifactType: string | undefined,
  after: string,
): Promise<ReferrerPage> {
  if (repositoryId === undefined) return { referrers: [], next: undefined };
  const rows = await listReferrers(metadata.read, repositoryId, subject, artifactType, after, pageSize + 1);
  const referrers: Referrer[] = [];
  let bytes = 0;
  let last: string | undefined;
  for (const row of rows.slice(0, pageSize)) {
    bytes += row.size;
    if (last !== undefined && bytes > pageBytesMax) break;
    const manifest = await metadata.hot.manifest(repositoryId, row.digest);
    if (manifest) referrers.push(toDescriptor(row, manifest.body));
    last = row.digest;
  }
  return { referrers, next: last === rows.at(-1)?.digest ? undefined : last };
}

function toDescriptor({ mediaType, digest, size, artifactType }: ReferrerRow, body: Uint8Array): Referrer {
  const { annotations } = JSON.parse(new TextDecoder().decode(body)) as { annotations?: unknown };
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}
