import { expect, test } from "bun:test";
import {
  insertAccountSigningKey,
  listAccountSigningKeys,
} from "../../../../src/storage/metadata/account-signing-keys.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { revokeToken } from "../../../../src/storage/metadata/revoked-tokens.ts";
import { noteSeenPlace } from "../../../../src/storage/metadata/seen-places.ts";
import {
  findPool,
  findProvider,
  insertPool,
  insertProvider,
  listPools,
  listProviders,
  type PoolRow,
  type ProviderRow,
  updatePool,
  updateProvider,
} from "../../../../src/storage/metadata/workload-identity.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addProject, now } from "../fixtures.ts";

export function workloadIdentity(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);
  const common = { displayName: "", description: "", createdAt: now, disabledAt: null, deletedAt: null };
  const addPool = async (name: string, projectId?: string): Promise<PoolRow> => {
    const pool = {
      ...common,
      id: `pool-${crypto.randomUUID()}`,
      name,
      projectId: projectId ?? (await addProject(suite.metadata)).id,
    };
    expect(await write((tx) => insertPool(tx, pool))).toBe(true);
    return pool;
  };
  const addProvider = async (pool: PoolRow, name: string): Promise<ProviderRow> => {
    const provider = { ...common, id: `provider-${crypto.randomUUID()}`, name, poolId: pool.id, settings: "{}" };
    expect(await write((tx) => insertProvider(tx, provider))).toBe(true);
    return provider;
  };
  const slice = { after: "", limit: 10, showDeleted: false };

  test("a pool's name is its project's own, and stays taken when the pool was deleted", async () => {
    const pool = await addPool("ci");
    const { read } = suite.metadata;
    expect(await findPool(read, pool.projectId, "ci")).toEqual(pool);
    expect(await write((tx) => insertPool(tx, { ...pool, id: "other" }))).toBe(false);
    await write((tx) => updatePool(tx, pool.id, { deletedAt: now, displayName: "CI" }));
    expect(await findPool(read, pool.projectId, "ci")).toEqual({ ...pool, deletedAt: now, displayName: "CI" });
    expect(await write((tx) => insertPool(tx, { ...pool, id: "other" }))).toBe(false);
    await addPool("ci");
  });

  test("pools and providers are listed by name, the deleted ones where they are asked for", async () => {
    const first = await addPool("b-pool");
    const second = await addPool("a-pool", first.projectId);
    const { read } = suite.metadata;
    const pools = async (change = {}) =>
      (await listPools(read, first.projectId, { ...slice, ...change })).map(({ name }) => name);
    expect(await pools()).toEqual(["a-pool", "b-pool"]);
    expect(await pools({ after: "a-pool" })).toEqual(["b-pool"]);
    expect(await pools({ limit: 1 })).toEqual(["a-pool"]);
    await write((tx) => updatePool(tx, second.id, { deletedAt: now }));
    expect(await pools()).toEqual(["b-pool"]);
    expect(await pools({ showDeleted: true })).toEqual(["a-pool", "b-pool"]);
    const provider = await addProvider(first, "github");
    await addProvider(first, "gitlab");
    const providers = async (change = {}) =>
      (await listProviders(read, first.id, { ...slice, ...change })).map(({ name }) => name);
    expect(await providers()).toEqual(["github", "gitlab"]);
    await write((tx) => updateProvider(tx, provider.id, { deletedAt: now, settings: '{"a":1}' }));
    expect(await providers()).toEqual(["gitlab"]);
    expect(await providers({ showDeleted: true, limit: 1 })).toEqual(["github"]);
    expect(await findProvider(read, first.id, "github")).toMatchObject({ settings: '{"a":1}', deletedAt: now });
    expect(await findProvider(read, second.id, "github")).toBeUndefined();
    expect(await write((tx) => insertProvider(tx, { ...provider, id: "other" }))).toBe(false);
  });

  test("a provider lives while it, its pool and its project do", async () => {
    const pool = await addPool("ci");
    const provider = await addProvider(pool, "github");
    const live = async () => (await suite.metadata.hot.providerState(provider.id))?.live;
    expect(await suite.metadata.hot.providerState(provider.id)).toEqual({
      projectId: pool.projectId,
      poolName: "ci",
      live: 1,
    });
    expect(await suite.metadata.hot.providerState("none")).toBeUndefined();
    for (const mark of ["disabledAt", "deletedAt"] as const) {
      await write((tx) => updateProvider(tx, provider.id, { [mark]: now }));
      expect(await live()).toBe(0);
      await write((tx) => updateProvider(tx, provider.id, { [mark]: null }));
      await write((tx) => updatePool(tx, pool.id, { [mark]: now }));
      expect(await live()).toBe(0);
      await write((tx) => updatePool(tx, pool.id, { [mark]: null }));
      expect(await live()).toBe(1);
    }
    await write((tx) => markProjectDeleted(tx, pool.projectId, now));
    expect(await live()).toBe(0);
  });

  test("a revoked token is known among others, until it would be over anyway", async () => {
    const { hot } = suite.metadata;
    const revoke = (jti: string, expiresAt: number, at: number) => write((tx) => revokeToken(tx, jti, expiresAt, at));
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    expect(await hot.anyRevoked([one])).toBe(false);
    await revoke(one, now + 10, now);
    await revoke(one, now + 10, now);
    expect(await hot.anyRevoked([one])).toBe(true);
    expect(await hot.anyRevoked(["a", "b", "c", "d", "e", one])).toBe(true);
    expect(await hot.anyRevoked(["a", "b", "c", "d", "e"])).toBe(false);
    await revoke(two, now + 100, now + 11);
    expect(await hot.anyRevoked([one])).toBe(false);
    expect(await hot.anyRevoked([two])).toBe(true);
  });

  test("a place is new once for each credential, until it is forgotten", async () => {
    const place = { principal: crypto.randomUUID(), credential: "key", network: "203.0.113.0/24" };
    const note = (change: object, at: number, forgetBefore = 0) =>
      write((tx) => noteSeenPlace(tx, { ...place, ...change }, at, forgetBefore));
    expect(await note({}, now)).toBe(true);
    expect(await note({}, now + 1)).toBe(false);
    expect(await note({ network: "198.51.100.0/24" }, now)).toBe(true);
    expect(await note({ credential: "other" }, now)).toBe(true);
    expect(await note({}, now + 2, now + 1)).toBe(true);
  });

  test("an account's signing keys come newest first, and the old ones are forgotten", async () => {
    const account = await addAccount(suite.metadata, (await addProject(suite.metadata)).id);
    const keys = [1, 2, 3].map((age) => ({
      id: crypto.randomUUID(),
      serviceAccountId: account.id,
      privateKey: "pem",
      createdAt: now + age,
    }));
    for (const key of keys) await write((tx) => insertAccountSigningKey(tx, key, now + 1));
    const list = (after: number) => listAccountSigningKeys(suite.metadata.read, account.id, after);
    expect(await list(0)).toEqual([keys[2], keys[1]] as never);
    expect(await list(now + 2)).toEqual([keys[2]] as never);
  });
}
