/** A Waybill of tomorrow: this one, with one more migration. Its column has a default, so that today's nodes go on beside it. */
import { sql } from "kysely";
import { migrations } from "../../src/storage/metadata/migrate.ts";

migrations["9000-next"] = {
  async up(db) {
    await sql`alter table projects add column next_version text not null default ''`.execute(db);
  },
  async down(db) {
    await sql`alter table projects drop column next_version`.execute(db);
  },
};
await import("../../src/main.ts");
