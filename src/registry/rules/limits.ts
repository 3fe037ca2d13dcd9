import { hasProjectBlob, type LimitsRow, readLimits } from "../../storage/metadata/limits.ts";
import { findProjectById } from "../../storage/metadata/projects.ts";
import type { Reader, Writer } from "../../storage/metadata/schema.ts";
import { RegistryError } from "../registry-error.ts";
import { formatBytes } from "./byte-count.ts";

/**
 * Makes a change to a project's images inside its transaction. Throws NAME_UNKNOWN where the project was deleted in the
 * meantime, UNSUPPORTED where it is read-only, and DENIED where it would then use more than it may; a change that adds nothing is always made.
 */
export async function withinLimits<T>(write: Writer, projectId: string, change: () => Promise<T>): Promise<T> {
  // A collection that follows a deletion comes once: nothing may be added after it.
  if (!(await findProjectById(write, projectId))) throw new RegistryError("NAME_UNKNOWN", "the project was deleted");
  const before = await requireWritable(write, projectId);
  const result = await change();
  if (before.bytesMax === null) return result;
  const { usedBytes } = await readLimits(write, projectId);
  if (usedBytes > before.bytesMax && usedBytes > before.usedBytes) {
    throw overQuota(before.usedBytes, before.bytesMax, usedBytes - before.usedBytes);
  }
  return result;
}

/** Throws UNSUPPORTED where the project is read-only. */
export async function requireWritable(read: Reader, projectId: string): Promise<LimitsRow> {
  const limits = await readLimits(read, projectId);
  if (limits.readOnlyAt === null) return limits;
  throw new RegistryError(
    "UNSUPPORTED",
    "this project is read-only at the moment: pulls go on, pushes and deletes are refused until an owner opens it again",
    { detail: { reason: "read-only" } },
  );
}

/** Whether a change was refused because its project is read-only, its quota is used up, or its tag is immutable. */
export function isLimit(error: unknown): boolean {
  return error instanceof RegistryError && (error.code === "UNSUPPORTED" || error.code === "DENIED");
}

/** What an upload may still grow to. */
export interface UploadRoom {
  /** Throws DENIED where so many bytes of one blob are more than is left. */
  require(bytes: number): void;
}

/**
 * How large an upload may become, so that one that cannot be committed is refused before it is there.
 *
 * @param digest what the blob will be, where that is known: a blob that the project has already costs nothing
 */
export async function roomForUpload(read: Reader, projectId: string, digest: string | undefined): Promise<UploadRoom> {
  const { usedBytes, bytesMax } = await requireWritable(read, projectId);
  const free = bytesMax === null || (digest !== undefined && (await hasProjectBlob(read, projectId, digest)));
  return {
    require(bytes) {
      if (!free && usedBytes + bytes > bytesMax) throw overQuota(usedBytes, bytesMax, bytes);
    },
  };
}

/** DENIED, not a status of the 5xx: docker shows its text and does not try again for minutes. */
function overQuota(usedBytes: number, bytesMax: number, neededBytes: number): RegistryError {
  const text =
    `the project uses ${formatBytes(usedBytes)} of its ${formatBytes(bytesMax)}, and this needs ` +
    `${formatBytes(neededBytes)} more: delete images, or ask an administrator for a larger quota`;
  return new RegistryError("DENIED", text, { detail: { reason: "quota", usedBytes, bytesMax, neededBytes } });
}
