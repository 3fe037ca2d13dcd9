import type { BlobStore } from "./storage/blobs/blob-store.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import { storeAnswers } from "./telemetry/server-watch.ts";

/** Longer than a store in trouble is waited for; whoever asks has a limit of its own. */
const storeMilliseconds = 2000;

/** Which of the two that every request needs do not answer; none when the server is ready. */
export async function whatIsAway(metadata: Pick<Metadata, "isReachable">, store: BlobStore): Promise<string[]> {
  const away: string[] = [];
  if (!metadata.isReachable()) away.push("the database");
  const late = Bun.sleep(storeMilliseconds).then(() => false);
  if (!(await Promise.race([storeAnswers(store), late]))) away.push("the blob store");
  return away;
}
