/**
 * Writes and says so: after every write that resolved, and not before, a line `kept NAME` on standard output; after
 * one that failed, `lost NAME: WHY`.
 * `acknowledge-writes.ts FILE ROUNDS WIDTH` makes ROUNDS times WIDTH writes at once.
 */
import { writeSync } from "node:fs";
import { insertProject } from "../../../src/storage/metadata/projects.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";

const [file = "", rounds, width] = process.argv.slice(2);
const metadata = await openSqlite(file);
writeSync(1, "opened\n");
for (let round = 0; round < Number(rounds); round++) {
  await Promise.all(Array.from({ length: Number(width) }, (_, index) => keep(`${round}-${index}`)));
}
await metadata.close();

async function keep(name: string): Promise<void> {
  const project = { id: name, name, displayName: "x".repeat(2000), createdAt: 0 };
  const kept = metadata
    .write((write) => insertProject(write, project))
    .then(
      () => `kept ${name}\n`,
      (error) => `lost ${name}: ${error.message}\n`,
    );
  writeSync(1, await kept);
}
