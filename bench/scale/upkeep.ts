/** What the server and its owner's commands ask now and then: each once, for its statements. */
import { listObjects } from "../../src/storage/metadata/objects.ts";
import { openPostgres } from "../../src/storage/metadata/postgres.ts";
import { unknownObjects } from "../../src/storage/metadata/removed-objects.ts";
import { countBlobs, listUnverified } from "../../src/storage/metadata/scrub.ts";
import { type Statement, takeStatements } from "./count-statements.ts";

const keysOfOneListing = 200;

export async function askUpkeep(url: string): Promise<Statement[]> {
  const metadata = await openPostgres(url);
  try {
    takeStatements();
    // waybill verify, waybill backup
    await countBlobs(metadata.read);
    const objects = await listObjects(metadata.read, "8", keysOfOneListing);
    // The scrub, and the sweep of what no row knows
    await listUnverified(metadata.read, Date.UTC(2026, 0, 1) + 1000, 20);
    await unknownObjects(
      metadata.read,
      objects.map(({ key }) => key),
    );
    return takeStatements();
  } finally {
    await metadata.close();
  }
}
