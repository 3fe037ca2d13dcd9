import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findStrayFiles, findWrong } from "./inspect.ts";
import { emptyLedger, type Ledger, pushUntilGone } from "./pusher.ts";
import { seeded } from "./random.ts";
import { ownerAuthorization, runCommand, startServerProcess } from "./server-process.ts";

/** `npm run test:faults` kills a thousand times; `WAYBILL_FAULT_SEED` makes another thousand of them. */
const kills = Number(process.env.WAYBILL_FAULT_KILLS ?? 8);
const seed = Number(process.env.WAYBILL_FAULT_SEED ?? 1);
const pushers = 4;
const lifeMillisecondsMax = 300;

const folder = mkdtempSync(join(tmpdir(), "waybill-faults-"));
// Some gigabytes after a thousand kills.
afterAll(() => rmSync(folder, { recursive: true }), 600_000);

test(`${kills} times kill -9 during parallel pushes: what was acknowledged is there and right, the rest right or absent`, async () => {
  const data = join(folder, "data");
  const random = seeded(seed);
  const everything = emptyLedger();
  let authorization = "";
  let last = emptyLedger();
  for (let round = 0; round < kills; round++) {
    const server = await startServerProcess(data);
    // A token lives an hour; restarts do not end it.
    if (round % 100 === 0) authorization = await ownerAuthorization(server, data);
    const connection = { origin: server.origin, authorization };
    const wrong = await findWrong(connection, last);
    // With what the server said to it.
    if (wrong.length > 0)
      expect({ wrong, round, ...(await server.stop()) }).toEqual({ wrong: [], round, code: 0, stderr: "" });
    last = emptyLedger();
    const pushing = Array.from({ length: pushers }, (_, index) =>
      pushUntilGone(connection, `waybill-admin/image-${index}`, seeded(random.below(1_000_000_000)), last),
    );
    await Bun.sleep(random.below(lifeMillisecondsMax));
    await server.kill();
    await Promise.all(pushing);
    remember(everything, last);
    if ((round + 1) % 100 === 0) console.error(`${round + 1} kills, ${everything.acknowledged.size} acknowledged`);
  }
  expect(everything.acknowledged.size).toBeGreaterThan(kills);

  const server = await startServerProcess(data);
  const connection = { origin: server.origin, authorization: await ownerAuthorization(server, data) };
  expect(await findWrong(connection, everything)).toEqual([]);
  await eventually(() => expect(findStrayFiles(data)).toEqual({ orphans: [], missing: [] }));
  const verified = await runCommand("verify", "--data", data, "--format=json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ damaged: [] });
  expect((await server.stop()).code).toBe(0);
}, 7_200_000);

function remember(everything: Ledger, { acknowledged, unanswered, wrong }: Ledger): void {
  for (const path of unanswered) if (!everything.acknowledged.has(path)) everything.unanswered.add(path);
  for (const path of acknowledged) {
    everything.acknowledged.add(path);
    everything.unanswered.delete(path);
  }
  everything.wrong.push(...wrong);
}

/** Sweeping begins at the start and may take a moment. */
async function eventually(check: () => void): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await Bun.sleep(100)) {
    try {
      return check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
