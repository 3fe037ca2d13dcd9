import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { findStrayFiles, findWrong } from "./inspect.ts";
import { type Connection, emptyLedger, Gone, type Ledger, pushRandomImage } from "./pusher.ts";
import { seeded } from "./random.ts";
import { ownerAuthorization, runCommand, type ServerProcess, startServerProcess } from "./server-process.ts";
import { type Kind, makeSmallDisk, type SmallDisk, smallDisksMissing } from "./small-disk.ts";

const missing = smallDisksMissing();
if (missing) console.error(`${missing}: full and failing disks`);
const why = missing ? ` (${missing})` : "";
const mebibyte = 1024 * 1024;
const timeoutMilliseconds = 120_000;

let disk: SmallDisk | undefined;
let server: ServerProcess | undefined;
afterEach(async () => {
  await server?.kill();
  disk?.remove();
  [disk, server] = [undefined, undefined];
});

/** Pushes until the server says that it can take no more; answers what it said. */
async function pushUntilRefused(to: Connection, seed: number, ledger: Ledger): Promise<string> {
  const random = seeded(seed);
  for (;;) {
    try {
      await pushRandomImage(to, `waybill-admin/image-${seed}`, random, ledger);
    } catch (error) {
      if (error instanceof Gone) return error.message;
      throw error;
    }
  }
}

async function pushAtOnce(to: Connection, seed: number, ledger: Ledger): Promise<string[]> {
  return await Promise.all([0, 1, 2].map((index) => pushUntilRefused(to, seed + index, ledger)));
}

describe.skipIf(missing !== undefined)("a full disk", () => {
  test.each<Kind>(["ext4", "tmpfs"])(
    `%s: pushes are refused with 507, nothing acknowledged is lost, and pushes go on when there is room again${why}`,
    async (kind) => {
      disk = makeSmallDisk(kind, 48);
      const data = join(disk.path, "data");
      server = await startServerProcess(data);
      const connection = { origin: server.origin, authorization: await ownerAuthorization(server, data) };
      const ledger = emptyLedger();
      disk.fill(20 * mebibyte);
      for (let round = 0; round < 3; round++) {
        for (const said of await pushAtOnce(connection, 10 * round, ledger))
          expect(said).toMatch(/^507 .*UNAVAILABLE.*disk is full/);
        expect(await findWrong(connection, ledger)).toEqual([]);
      }
      expect(ledger.acknowledged.size).toBeGreaterThan(20);

      disk.giveBack();
      const before = ledger.acknowledged.size;
      await pushRandomImage(connection, "waybill-admin/after", seeded(99), ledger);
      expect(ledger.acknowledged.size).toBeGreaterThan(before);
      await server.kill();
      server = await startServerProcess(data);
      expect(await findWrong({ ...connection, origin: server.origin }, ledger)).toEqual([]);
      expect(findStrayFiles(data).missing).toEqual([]);
      const verified = await runCommand("verify", "--data", data, "--format=json");
      expect(JSON.parse(verified.stdout)).toMatchObject({ damaged: [] });
    },
    timeoutMilliseconds,
  );
});

describe.skipIf(missing !== undefined)("a disk that can no longer be written", () => {
  test(
    `refuses pushes with 503, still serves what it has, and has everything acknowledged after a repair${why}`,
    async () => {
      disk = makeSmallDisk("ext4", 48);
      const data = join(disk.path, "data");
      server = await startServerProcess(data);
      const authorization = await ownerAuthorization(server, data);
      const connection = { origin: server.origin, authorization };
      const ledger = emptyLedger();
      const pushing = pushAtOnce(connection, 1, ledger);
      while (ledger.acknowledged.size < 8) await Bun.sleep(10);
      disk.failWrites();
      for (const said of await pushing) expect(said).toMatch(/^503 .*UNAVAILABLE.*cannot be written/);
      expect(ledger.acknowledged.size).toBeGreaterThan(3);
      expect(await findWrong(connection, ledger)).toEqual([]);

      await server.kill();
      disk.repair();
      server = await startServerProcess(data);
      const repaired = { origin: server.origin, authorization };
      expect(await findWrong(repaired, ledger)).toEqual([]);
      const { size } = ledger.acknowledged;
      await pushRandomImage(repaired, "waybill-admin/after", seeded(99), ledger);
      expect(ledger.acknowledged.size).toBeGreaterThan(size);
    },
    timeoutMilliseconds,
  );
});
