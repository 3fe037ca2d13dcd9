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
  /** Whether there are more after the last. */
  readonly more: boolean;
}

/** Each referrer's bytes are read for its annotations, and a manifest may have 4 MiB. */
const pageSize = 100;

/** What refers to a manifest: signatures, SBOMs, attestations. The manifest itself need not be there. */
export async function referrerPage(
  metadata: Metadata,
  { repositoryId }: ResolvedRepository,
  subject: Digest,
  artifactType: string | undefined,
  after: string,
): Promise<ReferrerPage> {
  if (repositoryId === undefined) return { referrers: [], more: false };
  const rows = await listReferrers(metadata.read, repositoryId, subject, artifactType, after, pageSize + 1);
  return { referrers: rows.slice(0, pageSize).map(toDescriptor), more: rows.length > pageSize };
}

function toDescriptor({ mediaType, digest, size, artifactType, body }: ReferrerRow): Referrer {
  const { annotations } = JSON.parse(new TextDecoder().decode(body)) as { annotations?: unknown };
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}
