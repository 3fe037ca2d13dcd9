import { expect, test } from "bun:test";
import {
  deleteOldDeviceCodes,
  findDeviceCode,
  findWaitingDevice,
  insertDeviceCode,
  updateDeviceCode,
} from "../../../../src/storage/metadata/device-codes.ts";
import {
  deleteOldLogins,
  endLogin,
  endLoginsOf,
  findLogin,
  findRefreshToken,
  findUnusedSuccessor,
  insertLogin,
  insertRefreshToken,
  type LoginRow,
  listIdleLoginsOfKey,
  listLogins,
  noteLoginUse,
  spendRefreshToken,
} from "../../../../src/storage/metadata/logins.ts";
import {
  deleteOldOneTimeCodes,
  deleteOneTimeCodesOf,
  findOneTimeCode,
  insertOneTimeCode,
  spendOneTimeCode,
} from "../../../../src/storage/metadata/one-time-codes.ts";
import {
  deletePasskey,
  deleteSignInWays,
  findOutsideIdentity,
  findOutsideSubject,
  findPasskey,
  findPasswordHash,
  hasSignInWay,
  insertOutsideIdentity,
  insertPasskey,
  listPasskeys,
  notePasskeyUse,
  setPasswordHash,
} from "../../../../src/storage/metadata/sign-in-ways.ts";
import { insertUser } from "../../../../src/storage/metadata/users.ts";
import type { Suite } from "../databases.ts";
import { newId, now } from "../fixtures.ts";

/** How users sign in, and what acts for them. */
export function people(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);
  const addUser = async (): Promise<string> => {
    const id = newId();
    await write((writer) => insertUser(writer, { id, email: `ada-${id}@example.com` }, now));
    return id;
  };
  const addLogin = async (change: Partial<LoginRow> = {}): Promise<LoginRow> => {
    const login: LoginRow = {
      id: newId(),
      kind: "oauth",
      principal: `user:${newId()}`,
      keyId: "",
      clientId: "waybill",
      scopes: "openid",
      address: "127.0.0.1",
      createdAt: now,
      usedAt: now,
      expiresAt: now + 1000,
      ...change,
    };
    await write((writer) => insertLogin(writer, login));
    return login;
  };

  test("a user has one password, the one that was set last", async () => {
    const user = await addUser();
    expect(await findPasswordHash(suite.metadata.read, user)).toBeUndefined();
    for (const hash of ["first", "second"]) await write((writer) => setPasswordHash(writer, user, hash, now));
    expect(await findPasswordHash(suite.metadata.read, user)).toBe("second");
  });

  test("a passkey is found by its id and knows its counter; all ways in can be taken from a user", async () => {
    const userId = await addUser();
    const passkey = { id: newId(), userId, publicKey: "key", counter: 1, transports: "[]" };
    const outside = { issuer: "https://idp.example", subject: newId(), userId };
    await write(async (writer) => {
      await insertPasskey(writer, passkey, now);
      await notePasskeyUse(writer, passkey.id, 7, now);
      await insertOutsideIdentity(writer, outside, now);
      await setPasswordHash(writer, userId, "hash", now);
    });
    expect(await findPasskey(suite.metadata.read, passkey.id)).toEqual({ ...passkey, counter: 7 });
    const listed = [{ id: passkey.id, createdAt: now, usedAt: now }];
    expect(await listPasskeys(suite.metadata.read, userId)).toEqual(listed);
    await write((writer) => deletePasskey(writer, "somebody else", passkey.id));
    expect(await listPasskeys(suite.metadata.read, userId)).toEqual(listed);
    expect(await hasSignInWay(suite.metadata.read, userId)).toBe(true);
    expect(await findOutsideIdentity(suite.metadata.read, outside.issuer, outside.subject)).toBe(userId);
    expect(await findOutsideIdentity(suite.metadata.read, "https://other.example", outside.subject)).toBeUndefined();
    expect(await findOutsideSubject(suite.metadata.read, outside.issuer, userId)).toBe(outside.subject);
    expect(await findOutsideSubject(suite.metadata.read, "https://other.example", userId)).toBeUndefined();
    await write((writer) => deleteSignInWays(writer, userId));
    expect(await findPasskey(suite.metadata.read, passkey.id)).toBeUndefined();
    expect(await findOutsideIdentity(suite.metadata.read, outside.issuer, outside.subject)).toBeUndefined();
    expect(await findPasswordHash(suite.metadata.read, userId)).toBeUndefined();
    expect(await hasSignInWay(suite.metadata.read, userId)).toBe(false);
  });

  test("a one-time code takes the place of the subject's earlier one, and keeps what came of it", async () => {
    const subject = newId();
    const code = (codeHash: string, of = subject) => ({
      codeHash,
      purpose: "invitation",
      subject: of,
      body: "{}",
      createdAt: now,
      expiresAt: now + 1000,
    });
    const [first, second, nobodys] = [newId(), newId(), newId()];
    await write(async (writer) => {
      await insertOneTimeCode(writer, code(nobodys, ""));
      await insertOneTimeCode(writer, code(first));
      await insertOneTimeCode(writer, code(second));
      await insertOneTimeCode(writer, code(newId(), ""));
      await spendOneTimeCode(writer, second, '{"a":1}', now + 1);
    });
    expect(await findOneTimeCode(suite.metadata.read, first)).toBeUndefined();
    expect(await findOneTimeCode(suite.metadata.read, nobodys)).toEqual({ ...code(nobodys, ""), spentAt: null });
    expect(await findOneTimeCode(suite.metadata.read, second)).toEqual({
      ...code(second),
      body: '{"a":1}',
      spentAt: now + 1,
    });
    await write((writer) => deleteOneTimeCodesOf(writer, subject, "other"));
    expect(await findOneTimeCode(suite.metadata.read, second)).toBeDefined();
    await write((writer) => deleteOneTimeCodesOf(writer, subject, "invitation"));
    expect(await findOneTimeCode(suite.metadata.read, second)).toBeUndefined();
    await write((writer) => deleteOldOneTimeCodes(writer, now + 1001));
    expect(await findOneTimeCode(suite.metadata.read, nobodys)).toBeUndefined();
  });

  test("a login is found while it is neither ended nor over, and ended by its own principal", async () => {
    const login = await addLogin();
    const { id, principal } = login;
    expect(await findLogin(suite.metadata.read, id, now)).toEqual(login);
    expect(await findLogin(suite.metadata.read, id, now + 1000)).toBeUndefined();
    expect(await suite.metadata.hot.loginLives(id, now)).toBe(true);
    expect(await suite.metadata.hot.loginLives(id, now + 1000)).toBe(false);
    expect(await write((writer) => endLogin(writer, "user:other", id, now))).toBe(false);
    expect(await write((writer) => endLogin(writer, principal, id, now))).toBe(true);
    expect(await findLogin(suite.metadata.read, id, now)).toBeUndefined();
    expect(await suite.metadata.hot.loginLives(id, now)).toBe(false);
  });

  test("a principal's logins are listed and ended together; those that were used longest ago are known", async () => {
    const principal = `serviceAccount:${newId()}`;
    const keyId = newId();
    const old = await addLogin({ principal, keyId, kind: "registry", createdAt: now - 2 });
    const recent = await addLogin({ principal, keyId, kind: "registry", createdAt: now - 1 });
    await write((writer) => noteLoginUse(writer, recent.id, now + 5));
    expect(await listIdleLoginsOfKey(suite.metadata.read, keyId, 1)).toEqual([old.id]);
    const rows = [{ ...recent, usedAt: now + 5 }, old];
    expect(await listLogins(suite.metadata.read, principal, now - 1, now, 10)).toEqual(rows);
    expect(await listLogins(suite.metadata.read, principal, now, now, 10)).toEqual(rows.slice(0, 1));
    await write((writer) => endLoginsOf(writer, principal, now));
    expect(await listLogins(suite.metadata.read, principal, now - 1, now, 10)).toEqual([]);
  });

  test("a refresh token knows the one that took its place, until that is used; old logins are forgotten", async () => {
    const { id: loginId } = await addLogin({ expiresAt: now - 10_000 });
    const [first, second] = [newId(), newId()];
    await write(async (writer) => {
      await insertRefreshToken(writer, { tokenHash: first, loginId, follows: "" }, now);
      await spendRefreshToken(writer, first, now);
      await insertRefreshToken(writer, { tokenHash: second, loginId, follows: first }, now);
    });
    const row = { tokenHash: first, loginId, follows: "", spentAt: now };
    expect(await findRefreshToken(suite.metadata.read, first)).toEqual(row);
    expect(await findUnusedSuccessor(suite.metadata.read, row)).toBe(second);
    await write((writer) => spendRefreshToken(writer, second, now));
    expect(await findUnusedSuccessor(suite.metadata.read, row)).toBeUndefined();
    await write((writer) => deleteOldLogins(writer, now - 9_999));
    expect(await findRefreshToken(suite.metadata.read, first)).toBeUndefined();
  });

  test("a device waits until somebody answers, and is forgotten when it is long over", async () => {
    const [codeHash, userCodeHash] = [newId(), newId()];
    const device = {
      codeHash,
      userCodeHash,
      clientId: "waybill",
      scopes: "openid",
      address: "",
      createdAt: now,
      expiresAt: now + 1000,
      intervalSeconds: 5,
    };
    await write((writer) => insertDeviceCode(writer, device));
    const row = { ...device, polledAt: 0, userId: "", deniedAt: null, loginId: "" };
    expect(await findDeviceCode(suite.metadata.read, codeHash)).toEqual(row);
    expect(await findWaitingDevice(suite.metadata.read, userCodeHash, now)).toEqual(row);
    expect(await findWaitingDevice(suite.metadata.read, userCodeHash, now + 1000)).toBeUndefined();
    await write((writer) => updateDeviceCode(writer, codeHash, { polledAt: 1, intervalSeconds: 10, userId: "u" }));
    await write((writer) => updateDeviceCode(writer, codeHash, { loginId: "l", deniedAt: 2 }));
    const changed = { ...row, polledAt: 1, intervalSeconds: 10, userId: "u", loginId: "l", deniedAt: 2 };
    expect(await findDeviceCode(suite.metadata.read, codeHash)).toEqual(changed);
    expect(await findWaitingDevice(suite.metadata.read, userCodeHash, now)).toBeUndefined();
    await write((writer) => deleteOldDeviceCodes(writer, now + 1001));
    expect(await findDeviceCode(suite.metadata.read, codeHash)).toBeUndefined();
  });
}
