import { afterAll, beforeAll } from "bun:test";
import { clientTest } from "./client-test.ts";
import { ROWS, runRow } from "./ways.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

for (const row of ROWS) {
  const outcome = row.refusal ? "pulls and is refused to push with the reason" : "pushes and pulls";
  clientTest(`way ${row.way}: ${row.client.name} ${outcome} (${row.what})`, row.needs, () => runRow(row, world));
}
