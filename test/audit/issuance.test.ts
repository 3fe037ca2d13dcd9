import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Audit } from "../../src/audit/audit.ts";
import { fromHere, nobody } from "../../src/audit/event.ts";
import { startTestServer, type TestServer } from "../server.ts";

/** Tokens are not given out faster than they are written down. */
let server: TestServer;
let audit: Audit;
let now = 0;
/** What the disk does: it writes, or it stands still until it is let go, or it fails. */
let disk: Promise<void>;
beforeEach(async () => {
  server = await startTestServer();
  const { metadata, signingKeys } = server;
  now = server.clock.now;
  disk = Promise.resolve();
  const slow = { ...metadata, write: async (change: never) => await disk.then(() => metadata.write(change)) };
  audit = new Audit({ metadata: slow as never, signingKeys, installationId: "test", now: () => now, log: () => {} });
});
afterEach(async () => {
  disk = Promise.resolve();
  await audit.close();
  await server.close();
});

const who = { ...nobody, principal: "user:ada@example.com", id: "user:1" };
const event = { kind: "token.issued", token: "access", grant: "test", who, from: fromHere } as const;

/** Whether a token is given out before anything else happens. */
async function isIssued(): Promise<boolean> {
  let issued = false;
  const done = audit.issued(event).then(() => {
    issued = true;
  });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  waiting.push(done);
  return issued;
}
const waiting: Promise<void>[] = [];

describe("a token", () => {
  test("is given out at once while the log keeps up", async () => {
    expect([await isIssued(), await isIssued()]).toEqual([true, true]);
    now += 700;
    expect(await isIssued()).toBe(true);
  });

  test("waits while an older one is not on disk for too long, and goes out when it is", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    disk = promise;
    expect(await isIssued()).toBe(true);
    const flushing = audit.flush();
    now += 701;
    expect(await isIssued()).toBe(false);
    resolve();
    await Promise.all([flushing, ...waiting]);
    expect(await isIssued()).toBe(true);
  });

  test("does not wait for a disk that refuses: it is noted until there is room again", async () => {
    disk = Promise.reject(new Error("no room"));
    disk.catch(() => {});
    expect(await isIssued()).toBe(true);
    now += 10_000;
    await audit.issued(event);
    disk = Promise.resolve();
    await audit.flush();
    const rows = await server.metadata.read.selectFrom("audit_entries").select("kind").execute();
    expect(rows.filter(({ kind }) => kind === "token.issued")).toHaveLength(2);
  });
});
