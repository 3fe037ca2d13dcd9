import { z } from "zod";

/** What a backup is: `backup.json`, written last. */
export type BackupDescription = z.infer<typeof schema>;

const schema = z.object({
  format: z.literal("waybill-backup-1"),
  /** The id of the installation. */
  installation: z.string().min(1),
  /** When, in ISO 8601. */
  createdAt: z.string(),
  blobs: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
});

/** Undefined for anything else. */
export function parseDescription(text: string): BackupDescription | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
