import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { GuessLimits } from "../../../src/identity/people/guess-limits.ts";
import { PasswordSignIn } from "../../../src/identity/people/password-sign-in.ts";
import { Passwords } from "../../../src/identity/people/passwords.ts";
import { startTestServer, type TestServer } from "../../server.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

const password = "a long enough password";
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ["ada", "disabled"]) {
    const { code } = await server.users.invite(`${name}@example.com`);
    await server.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
  }
  await server.users.invite("invited@example.com");
  const disabled = await server.users.find("disabled@example.com");
  if (disabled) await server.users.setDisabled(disabled, true);
});
afterAll(() => server.close());

describe("a wrong sign-in", () => {
  const rows: [string, string, string][] = [
    ["a user with another password", "ada@example.com", "another password"],
    ["nobody", "nobody@example.com", password],
    ["no e-mail at all", "x", password],
    ["a user who has chosen no password", "invited@example.com", password],
    ["a disabled user with the right one", "disabled@example.com", password],
    ["a password of a megabyte", "ada@example.com", "x".repeat(1_000_000)],
  ];
  test.each(rows)("of %s costs exactly one comparison of the usual price", async (_name, email, typed) => {
    const compared: string[] = [];
    const passwords = new Passwords(async (text, hash) => {
      compared.push(hash.split("$").slice(0, 4).join("$"));
      expect(text.length).toBeLessThanOrEqual(256);
      return await Bun.password.verify(text, hash);
    });
    const signIn = new PasswordSignIn(server.metadata, passwords, new GuessLimits(server.now), () => {});
    await expect(signIn.check(email, typed, "::1")).rejects.toThrow("The e-mail or the password is wrong.");
    expect(compared).toEqual(["$argon2id$v=19$m=19456,t=2,p=1"]);
  });
});

describe("passwords", () => {
  test("are compared two at a time, off the event loop, and the rest wait", async () => {
    let running = 0;
    let most = 0;
    const passwords = new Passwords(async () => {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running--;
      return true;
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => passwords.matches("x", "hash")));
    expect(answers.every(Boolean)).toBe(true);
    expect(most).toBe(2);
  });

  test("that would wait too long are told to come again", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const passwords = new Passwords(() => promise);
    const waiting = Array.from({ length: 102 }, () => passwords.matches("x", "hash"));
    await expect(passwords.matches("x", "hash")).rejects.toThrow("Too many people sign in");
    resolve(true);
    await Promise.all(waiting);
    expect(await passwords.matches("x", "hash")).toBe(true);
  });

  test("are hashed with argon2id, whichever way an accent is typed", async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash("caf\u00e9 and more words", "ada@example.com");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await passwords.matches("cafe\u0301 and more words", hash)).toBe(true);
    expect(await passwords.matches("cafe and more words", hash)).toBe(false);
  });

  test.each(["ada@example.com", "aaaaaaaaaaaaaa", "short", "x".repeat(257), "adaadaadaada12", "abcabcabcabcabc"])(
    "may not be %p",
    async (text) => {
      await expect(new Passwords().hash(text, "ada@example.com")).rejects.toThrow(/password/i);
    },
  );
});
