import { expect, test } from "bun:test";
import {
  findServiceAccountKey,
  insertServiceAccountKey,
  listServiceAccountKeys,
  markKeyDeleted,
  markKeyExposed,
  setKeyDisabled,
} from "../../../../src/storage/metadata/service-account-keys.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addKey, addProject, keyRow, now } from "../fixtures.ts";

/** Service account keys. */
export function keys(suite: Suite): void {
  async function newAccount() {
    return addAccount(suite.metadata, (await addProject(suite.metadata)).id);
  }

  test("a key comes back as it was put in, null and number alike", async () => {
    const account = await newAccount();
    const plain = await addKey(suite.metadata, account.id);
    const times = { expiresAt: now + 3, disabledAt: now + 2, exposedAt: now + 1 };
    const full = await addKey(suite.metadata, account.id, { origin: "uploaded", ...times });
    expect(await findServiceAccountKey(suite.metadata.read, plain.id)).toEqual(plain);
    expect(await findServiceAccountKey(suite.metadata.read, full.id)).toEqual(full);
    expect(await findServiceAccountKey(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("an id is a key's for ever: neither another account nor a later key may have it", async () => {
    const [first, second] = [await newAccount(), await newAccount()];
    const key = await addKey(suite.metadata, first.id);
    await suite.metadata.write((write) => markKeyDeleted(write, key.id, now));
    const again = suite.metadata.write((write) => insertServiceAccountKey(write, keyRow(second.id, { id: key.id })));
    await expect(again).rejects.toThrow(/unique/i);
  });

  test("a key needs an account", async () => {
    const orphan = suite.metadata.write((write) => insertServiceAccountKey(write, keyRow("no-such-account")));
    await expect(orphan).rejects.toThrow(/foreign key/i);
  });

  test("a deleted key is not found, not listed and not live", async () => {
    const account = await newAccount();
    const [kept, gone] = [await addKey(suite.metadata, account.id), await addKey(suite.metadata, account.id)];
    await suite.metadata.write((write) => markKeyDeleted(write, gone.id, now));
    expect(await findServiceAccountKey(suite.metadata.read, gone.id)).toBeUndefined();
    expect(await listServiceAccountKeys(suite.metadata.read, account.id)).toEqual([kept]);
    expect((await suite.metadata.hot.keyState(gone.id, now))?.live).toBe(0);
  });

  test("listServiceAccountKeys answers one account's keys, oldest first", async () => {
    const [account, other] = [await newAccount(), await newAccount()];
    await addKey(suite.metadata, other.id);
    const made = [];
    for (const age of [3, 1, 2]) made.push(await addKey(suite.metadata, account.id, { createdAt: now - age }));
    const listed = await listServiceAccountKeys(suite.metadata.read, account.id);
    expect(listed).toEqual([made[0], made[2], made[1]] as typeof made);
  });

  test("a key is disabled and enabled again", async () => {
    const account = await newAccount();
    const key = await addKey(suite.metadata, account.id);
    await suite.metadata.write((write) => setKeyDisabled(write, key.id, now + 7));
    expect(await findServiceAccountKey(suite.metadata.read, key.id)).toEqual({ ...key, disabledAt: now + 7 });
    await suite.metadata.write((write) => setKeyDisabled(write, key.id, null));
    expect(await findServiceAccountKey(suite.metadata.read, key.id)).toEqual(key);
  });

  test("markKeyExposed keeps the first time", async () => {
    const account = await newAccount();
    const key = await addKey(suite.metadata, account.id);
    await suite.metadata.write((write) => markKeyExposed(write, key.id, now + 1));
    await suite.metadata.write((write) => markKeyExposed(write, key.id, now + 2));
    expect((await findServiceAccountKey(suite.metadata.read, key.id))?.exposedAt).toBe(now + 1);
  });
}
