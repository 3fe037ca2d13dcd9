/** Another node's start, as a process of its own: `open-database.ts sqlite|postgres ADDRESS` opens, says so and closes. */
import { openPostgres } from "../../../src/storage/metadata/postgres.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";

const [kind, address = ""] = process.argv.slice(2);
const metadata = await (kind === "sqlite" ? openSqlite(address) : openPostgres(address));
const tables = await metadata.read.selectFrom("versions").select("value").execute();
await metadata.close();
console.log(`opened ${tables.length}`);
