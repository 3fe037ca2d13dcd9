import { expect, test } from "bun:test";
import { openPostgresSchema } from "../../../src/storage/metadata/postgres-schema.ts";
import { postgresMissing, startPostgres } from "../../postgres.ts";

test.skipIf(postgresMissing() !== undefined)(
  "a schema that is closed holds nobody up, however soon the next one comes",
  async () => {
    const server = await startPostgres();
    const found: (string | undefined)[] = [];
    for (let times = 0; times < 60; times++) {
      const schema = await openPostgresSchema(server.url);
      found.push(await schema.whoElse());
      await schema.close();
    }
    await server.stop();
    expect(found).not.toContain("waybill");
  },
  60_000,
);
