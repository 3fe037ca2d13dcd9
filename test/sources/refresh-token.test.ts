import { describe, expect, test } from "bun:test";
import {
  deleteRefreshToken,
  type Keychain,
  readRefreshToken,
  writeRefreshToken,
} from "../../src/sources/login/refresh-token.ts";
import { Secret } from "../../src/sources/secret.ts";
import { Home } from "../helper/home.ts";

const email = "me@example.com";
const file = ".config/waybill/accounts/me@example.com.json";

/** A keychain that is there, locked, missing or stuck. */
function keychain(kind: "open" | "locked" | "missing" | "stuck") {
  const kept = new Map<string, string>();
  const act = async <T>(work: () => T): Promise<T> => {
    if (kind === "missing") throw new Error("there is no keychain");
    if (kind === "stuck") await new Promise(() => {});
    return work();
  };
  const it = {
    get: ({ name }: { name: string }) => act(() => (kind === "locked" ? null : (kept.get(name) ?? null))),
    set: ({ name, value }: { name: string; value: string }) => act(() => void kept.set(name, value)),
    delete: ({ name }: { name: string }) => act(() => kept.delete(name)),
  };
  return { it: it as unknown as Keychain, kept };
}

describe("a refresh token", () => {
  test("lies in the keychain where there is one, and in no file", async () => {
    using home = new Home();
    const { it, kept } = keychain("open");
    expect(await writeRefreshToken(home.env, email, new Secret("refresh"), true, it)).toBe("keychain");
    expect(home.has(file)).toBe(false);
    expect((await readRefreshToken(home.env, email, { keptIn: "keychain" }, it)).reveal()).toBe("refresh");
    await deleteRefreshToken(home.env, email, { keptIn: "keychain" }, it);
    expect(kept.size).toBe(0);
  });

  for (const kind of ["missing", "stuck"] as const)
    test(`lies in a file of the owner's where the keychain is ${kind}`, async () => {
      using home = new Home();
      const { it } = keychain(kind);
      expect(await writeRefreshToken(home.env, email, new Secret("refresh"), true, it)).toBe("file");
      expect(home.mode(file)).toBe("600");
      expect((await readRefreshToken(home.env, email, { keptIn: "file" }, it)).reveal()).toBe("refresh");
      await deleteRefreshToken(home.env, email, { keptIn: "file" }, it);
      expect(home.has(file)).toBe(false);
    });

  test("lies in a file when that is configured", async () => {
    using home = new Home();
    expect(await writeRefreshToken(home.env, email, new Secret("refresh"), false, keychain("open").it)).toBe("file");
  });

  for (const kind of ["locked", "missing", "stuck"] as const)
    test(`that a ${kind} keychain does not give is a failure, and never "not signed in"`, async () => {
      using home = new Home();
      const attempt = readRefreshToken(home.env, email, { keptIn: "keychain" }, keychain(kind).it);
      expect(await attempt.catch((error) => error.message)).toContain("it may be locked");
    });

  test("that is not in its file is a failure", async () => {
    using home = new Home();
    expect(readRefreshToken(home.env, email, { keptIn: "file" })).rejects.toThrow("is not in");
  });
});
