import { expect, test } from "bun:test";
import {
  deleteOldSessions,
  endSession,
  endSessionsOf,
  insertSession,
  listSessions,
  noteSessionUse,
} from "../../../../src/storage/metadata/sessions.ts";
import { insertUser, markUserDeleted, setUserDisabled } from "../../../../src/storage/metadata/users.ts";
import type { Suite } from "../databases.ts";
import { newId, now } from "../fixtures.ts";

/** Sessions of users. */
export function sessions(suite: Suite): void {
  const addSession = async (userId?: string) => {
    const user = { id: userId ?? newId(), email: `ada-${newId()}@example.com` };
    const cookieHash = newId();
    const session = {
      id: newId(),
      userId: user.id,
      how: "password",
      address: "127.0.0.1",
      agent: "browser",
      createdAt: now,
      usedAt: now,
      expiresAt: now + 1000,
    };
    await suite.metadata.write(async (write) => {
      if (userId === undefined) await insertUser(write, user, now);
      await insertSession(write, session, cookieHash);
    });
    return { user, session, cookieHash };
  };

  test("a session is found by its cookie's hash, with its user as they are today", async () => {
    const { user, session, cookieHash } = await addSession();
    const state = { ...user, sessionId: session.id, usedAt: now, expiresAt: now + 1000 };
    expect(await suite.metadata.hot.sessionState(cookieHash)).toEqual({ ...state, live: 1 });
    expect(await suite.metadata.hot.sessionState("other")).toBeUndefined();
    await suite.metadata.write((write) => setUserDisabled(write, user.id, now));
    expect(await suite.metadata.hot.sessionState(cookieHash)).toEqual({ ...state, live: 0 });
    expect(await suite.metadata.hot.userState(user.id)).toEqual({ ...user, live: 0 });
    await suite.metadata.write((write) => setUserDisabled(write, user.id, null));
    expect((await suite.metadata.hot.sessionState(cookieHash))?.live).toBe(1);
    await suite.metadata.write((write) => markUserDeleted(write, user.id, now));
    expect((await suite.metadata.hot.sessionState(cookieHash))?.live).toBe(0);
  });

  test("a session is ended by its own user only", async () => {
    const { user, session, cookieHash } = await addSession();
    expect(await suite.metadata.write((write) => endSession(write, "somebody", session.id, now))).toBe(false);
    expect((await suite.metadata.hot.sessionState(cookieHash))?.live).toBe(1);
    expect(await suite.metadata.write((write) => endSession(write, user.id, session.id, now))).toBe(true);
    expect((await suite.metadata.hot.sessionState(cookieHash))?.live).toBe(0);
    expect(await suite.metadata.write((write) => endSession(write, user.id, session.id, now))).toBe(false);
  });

  test("all sessions of a user end but the one that is kept", async () => {
    const { user, session, cookieHash } = await addSession();
    const { cookieHash: second } = await addSession(user.id);
    await suite.metadata.write((write) => endSessionsOf(write, user.id, now, session.id));
    expect((await suite.metadata.hot.sessionState(cookieHash))?.live).toBe(1);
    expect((await suite.metadata.hot.sessionState(second))?.live).toBe(0);
    expect(await listSessions(suite.metadata.read, user.id, now - 1, now, 10)).toEqual([session]);
    expect(await listSessions(suite.metadata.read, user.id, now, now, 10)).toEqual([]);
    expect(await listSessions(suite.metadata.read, user.id, now - 1, now + 1000, 10)).toEqual([]);
  });

  test("a session knows when it was last used, and is forgotten some time after it is over", async () => {
    const { user, session, cookieHash } = await addSession();
    await suite.metadata.write((write) => noteSessionUse(write, session.id, now + 5));
    expect(await suite.metadata.hot.sessionState(cookieHash)).toMatchObject({ usedAt: now + 5 });
    await suite.metadata.write((write) => deleteOldSessions(write, session.expiresAt));
    expect(await listSessions(suite.metadata.read, user.id, now, now, 10)).toHaveLength(1);
    await suite.metadata.write((write) => deleteOldSessions(write, session.expiresAt + 1));
    expect(await suite.metadata.hot.sessionState(cookieHash)).toBeUndefined();
  });
}
