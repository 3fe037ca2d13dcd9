import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { insertLogin, insertRefreshToken } from "../../../src/storage/metadata/logins.ts";
import { insertOneTimeCode } from "../../../src/storage/metadata/one-time-codes.ts";
import { insertSession } from "../../../src/storage/metadata/sessions.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";
import { markRestored } from "../../../src/storage/metadata/sqlite-copy.ts";
import { insertUser } from "../../../src/storage/metadata/users.ts";
import { now } from "./fixtures.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A database with a user who is signed in, has a program that acts for them, and is invited. */
async function signedInDatabase(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-copy-"));
  folders.push(folder);
  const file = join(folder, "metadata.sqlite");
  const metadata = await openSqlite(file);
  const times = { createdAt: now, usedAt: now, expiresAt: now + 1000 };
  const login = { id: "login", kind: "oauth", principal: "user:1", keyId: "", clientId: "waybill" } as const;
  await metadata.write(async (write) => {
    await insertUser(write, { id: "1", email: "ada@example.com" }, now);
    await insertSession(write, { id: "s", userId: "1", how: "password", address: "", agent: "", ...times }, "hash");
    await insertLogin(write, { ...login, scopes: "openid", address: "", ...times });
    await insertRefreshToken(write, { tokenHash: "token", loginId: "login", follows: "" }, now);
    const code = { codeHash: "code", purpose: "invitation", subject: "1", body: "{}" };
    await insertOneTimeCode(write, { ...code, createdAt: now, expiresAt: now + 1000 });
  });
  await metadata.close();
  return file;
}

async function countOf(file: string): Promise<number[]> {
  const metadata = await openSqlite(file);
  const tables = ["users", "sessions", "logins", "refresh_tokens", "one_time_codes"] as const;
  const counts = await Promise.all(
    tables.map(async (table) => (await metadata.read.selectFrom(table).selectAll().execute()).length),
  );
  await metadata.close();
  return counts;
}

test("an installation that is restored beside another keeps its people, and nothing that the other gave out", async () => {
  const file = await signedInDatabase();
  markRestored(file, { at: now, newId: "another" }, []);
  expect(await countOf(file)).toEqual([1, 0, 0, 0, 0]);
});

test("one that takes the other's place goes on as it was", async () => {
  const file = await signedInDatabase();
  markRestored(file, { at: now }, []);
  expect(await countOf(file)).toEqual([1, 1, 1, 1, 1]);
});
