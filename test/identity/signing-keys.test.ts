import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { SigningKeys } from "../../src/identity/signing-keys.ts";
import { bearer, startTestServer, type TestServer } from "../server.ts";

/** Signing keys take turns: the next one waits, one signs, the one before verifies. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const hour = 3_600_000;
const year = 365 * 24 * hour;
let keys: SigningKeys;
beforeEach(async () => {
  server.clock.now += 100 * hour;
  keys = server.signingKeys;
  await keys.maintain(year);
});

async function newToken(): Promise<string> {
  const project = (await server.projects.find("demo")) ?? (await server.project("demo"));
  const { account, key } = await server.account(project, `robot-${crypto.randomUUID().slice(0, 8)}`);
  return server.accessToken(account, key);
}
const statusOf = async (token: string) => (await server.fetch("/v1/projects", { headers: bearer(token) })).status;

describe("a rotation", () => {
  test("lets the published next key sign, and has another one ready", async () => {
    for (const use of ["access", "registry", "id", "audit"] as const) {
      const [current, next, ...others] = keys.published(use).filter((key) => key.id !== undefined);
      if (use !== "audit") expect(others).toEqual([]);
      expect(keys.signing(use).id).toBe(current?.id as string);
      server.clock.now += 2 * hour;
      await keys.rotate();
      expect(keys.signing(use).id).toBe(next?.id as string);
      const after = keys.published(use).map(({ id }) => id);
      expect(after[0]).toBe(next?.id);
      expect(after).toContain(current?.id as string);
      expect(keys.verifying(use, current?.id as string)).toBeDefined();
      server.clock.now += 100 * hour;
      await keys.maintain(year);
    }
  });

  test("makes the key of id_tokens wait until every cache of the key set has the next one", async () => {
    await keys.rotate();
    server.clock.now += hour - 1000;
    const before = keys.signing("id").id;
    const { waitSeconds } = (await keys.rotate()).find(({ use }) => use === "id") ?? {};
    expect(waitSeconds).toBe(1);
    expect(keys.signing("id").id).toBe(before);
    server.clock.now += 1000;
    await keys.rotate();
    expect(keys.signing("id").id).not.toBe(before);
  });

  test("keeps believing what was signed before, for thirteen hours", async () => {
    const token = await newToken();
    const old = keys.signing("access").id;
    await keys.rotate();
    expect(await statusOf(token)).toBe(200);
    server.clock.now += 13 * hour - 1;
    expect(keys.verifying("access", old)).toBeDefined();
    server.clock.now += 1;
    expect(keys.verifying("access", old)).toBeUndefined();
    await keys.maintain(year);
    const left = await server.metadata.read
      .selectFrom("signing_keys")
      .select(["private_key", "retired_at"])
      .where("id", "=", old)
      .executeTakeFirstOrThrow();
    expect(left).toEqual({ private_key: "", retired_at: server.clock.now });
  });

  test("believes nothing of before where the old keys are revoked", async () => {
    const token = await newToken();
    expect(await statusOf(token)).toBe(200);
    await keys.rotate({ revokeOld: true });
    expect(await statusOf(token)).toBe(401);
    expect(await statusOf(await newToken())).toBe(200);
    expect(keys.published("id")).toHaveLength(2);
  });

  test("is seen by another node at its next request", async () => {
    const other = await SigningKeys.open(server.metadata, () => server.clock.now);
    await other.rotate({ revokeOld: true });
    await other.rotate({ revokeOld: true });
    const before = keys.signing("access").id;
    expect(await statusOf("wba_no.such.token")).toBe(401);
    expect(keys.signing("access").id).toBe(other.signing("access").id);
    expect(keys.signing("access").id).not.toBe(before);
  });

  test("happens by itself when a key has signed for long enough", async () => {
    const before = keys.signing("registry").id;
    await keys.maintain(101 * hour + year);
    expect(keys.signing("registry").id).toBe(before);
    server.clock.now += 2 * hour;
    await keys.maintain(hour);
    expect(keys.signing("registry").id).not.toBe(before);
  });

  test("of two nodes at once leaves one key that signs, and one that waits", async () => {
    const other = await SigningKeys.open(server.metadata, () => server.clock.now);
    await Promise.all([keys.rotate(), other.rotate()]);
    await Promise.all([keys.refresh(), other.refresh()]);
    expect(keys.signing("access").id).toBe(other.signing("access").id);
    const rows = await server.metadata.read
      .selectFrom("signing_keys")
      .select(["signs_from", "superseded_at"])
      .where("use", "=", "access")
      .where("retired_at", "is", null)
      .execute();
    expect(rows.filter((row) => row.signs_from === null)).toHaveLength(1);
    expect(rows.filter((row) => row.signs_from !== null && row.superseded_at === null)).toHaveLength(1);
  });
});
