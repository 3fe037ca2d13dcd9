import { expect, test } from "bun:test";
import {
  findServiceAccount,
  findServiceAccountName,
  insertServiceAccount,
  listServiceAccounts,
  markServiceAccountDeleted,
  type ServiceAccountRow,
  updateServiceAccount,
} from "../../../../src/storage/metadata/service-accounts.ts";
import {
  findUser,
  findUserDetails,
  findUserName,
  insertUser,
  listUsers,
  markUserJoined,
} from "../../../../src/storage/metadata/users.ts";
import type { Suite } from "../databases.ts";
import { accountRow, addAccount, addProject, compareBytes, namesInByteOrder, newId, now } from "../fixtures.ts";

/** Users and service accounts. */
export function accounts(suite: Suite): void {
  test("a user is found by e-mail, and by id even where nobody has that e-mail any more", async () => {
    const user = { id: newId(), email: `ada-${newId()}@example.com` };
    await suite.metadata.write((write) => insertUser(write, user, now));
    expect(await findUser(suite.metadata.read, user.email)).toEqual(user);
    expect(await findUserName(suite.metadata.read, user.id)).toEqual({ email: user.email, deletedAt: null });
    expect(await findUser(suite.metadata.read, "nobody@example.com")).toBeUndefined();
    expect(await findUserName(suite.metadata.read, "nobody")).toBeUndefined();
  });

  test("a user has details, joins once, and is listed by e-mail", async () => {
    const user = { id: newId(), email: `ada-${newId()}@example.com` };
    await suite.metadata.write((write) => insertUser(write, user, now));
    const row = { ...user, createdAt: now, joinedAt: null, disabledAt: null };
    expect(await findUserDetails(suite.metadata.read, user.email)).toEqual(row);
    for (const at of [now + 1, now + 2]) await suite.metadata.write((write) => markUserJoined(write, user.id, at));
    expect(await findUserDetails(suite.metadata.read, user.id)).toEqual({ ...row, joinedAt: now + 1 });
    const before = user.email.slice(0, -"example.com".length);
    expect(await listUsers(suite.metadata.read, before, 1)).toEqual([{ ...row, joinedAt: now + 1 }]);
    expect(await findUserDetails(suite.metadata.read, "nobody@example.com")).toBeUndefined();
  });

  test("insertUser throws for an e-mail that is taken, and the database stays usable", async () => {
    const email = `ada-${newId()}@example.com`;
    const first = { id: newId(), email };
    await suite.metadata.write((write) => insertUser(write, first, now));
    const again = suite.metadata.write((write) => insertUser(write, { id: newId(), email }, now));
    await expect(again).rejects.toThrow(/unique/i);
    expect(await findUser(suite.metadata.read, email)).toEqual(first);
  });

  test("an account is found by e-mail and by unique id", async () => {
    const project = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, project.id);
    expect(await findServiceAccount(suite.metadata.read, account.email)).toEqual(account);
    expect(await findServiceAccount(suite.metadata.read, account.id)).toEqual(account);
    expect(await findServiceAccount(suite.metadata.read, "absent@example.com")).toBeUndefined();
    expect(await findServiceAccount(suite.metadata.read, "0")).toBeUndefined();
  });

  test("insertServiceAccount answers false for an e-mail that is taken", async () => {
    const project = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, project.id);
    const second = accountRow(project.id, { email: account.email });
    expect(await suite.metadata.write((write) => insertServiceAccount(write, second))).toBe(false);
    expect(await findServiceAccount(suite.metadata.read, account.email)).toEqual(account);
  });

  test("an account needs a project", async () => {
    const orphan = suite.metadata.write((write) => insertServiceAccount(write, accountRow("no-such-project")));
    await expect(orphan).rejects.toThrow(/foreign key/i);
  });

  test("a deleted account frees its e-mail, and the next one has another id", async () => {
    const project = await addProject(suite.metadata);
    const first = await addAccount(suite.metadata, project.id);
    await suite.metadata.write((write) => markServiceAccountDeleted(write, first.id, now + 5));
    expect(await findServiceAccount(suite.metadata.read, first.email)).toBeUndefined();
    expect(await findServiceAccount(suite.metadata.read, first.id)).toBeUndefined();
    expect(await findServiceAccountName(suite.metadata.read, first.id)).toEqual({
      email: first.email,
      deletedAt: now + 5,
    });
    const second = accountRow(project.id, { email: first.email });
    expect(await suite.metadata.write((write) => insertServiceAccount(write, second))).toBe(true);
    expect(await findServiceAccount(suite.metadata.read, first.email)).toEqual(second);
    expect((await suite.metadata.hot.accountState(first.id))?.live).toBe(0);
    expect((await suite.metadata.hot.accountState(second.id))?.live).toBe(1);
  });

  test("updateServiceAccount changes what it is given and nothing else", async () => {
    const project = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, project.id);
    const changes: (Parameters<typeof updateServiceAccount>[2] & Partial<ServiceAccountRow>)[] = [
      { displayName: "Renamed", etag: "2" },
      { description: "", etag: "3" },
      { disabledAt: now + 1, etag: "4" },
      { disabledAt: null, etag: "5" },
      { etag: "6" },
    ];
    let expected = account;
    for (const change of changes) {
      await suite.metadata.write((write) => updateServiceAccount(write, account.id, change));
      expected = { ...expected, ...change };
      expect(await findServiceAccount(suite.metadata.read, account.id)).toEqual(expected);
    }
  });

  test("listServiceAccounts pages one project's living accounts in byte order", async () => {
    const [project, other] = [await addProject(suite.metadata), await addProject(suite.metadata)];
    await addAccount(suite.metadata, other.id);
    const emails = namesInByteOrder.map((name) => `${name}@${project.id}`).sort(compareBytes);
    for (const email of emails.toReversed()) {
      await suite.metadata.write((write) => insertServiceAccount(write, accountRow(project.id, { email })));
    }
    const gone = accountRow(project.id, { email: `aa@${project.id}` });
    await suite.metadata.write((write) => insertServiceAccount(write, gone));
    await suite.metadata.write((write) => markServiceAccountDeleted(write, gone.id, now));

    const seen: string[] = [];
    for (let after = ""; ; after = seen.at(-1) as string) {
      const page = await listServiceAccounts(suite.metadata.read, project.id, after, 4);
      seen.push(...page.map(({ email }) => email));
      if (page.length === 0) break;
    }
    expect(seen).toEqual(emails);
  });
}
