import { describe, expect, test } from "bun:test";
import { GuessLimits } from "../../../src/identity/people/guess-limits.ts";

describe("guessing", () => {
  const start = () => {
    const clock = { now: 0 };
    return { clock, limits: new GuessLimits(() => clock.now) };
  };
  const guess = (limits: GuessLimits, times: number, user: string | undefined, address = "::1") => {
    for (let guesses = 0; guesses < times; guesses++) limits.note(user, address);
  };

  test("is free five times for a user, from wherever, and then costs half a minute each", () => {
    const { clock, limits } = start();
    guess(limits, 4, "ada", "1.1.1.1");
    expect(limits.wait("ada", "2.2.2.2")).toBe(0);
    guess(limits, 1, "ada", "3.3.3.3");
    expect(limits.wait("ada", "2.2.2.2")).toBe(30);
    expect(limits.wait("grace", "3.3.3.3")).toBe(0);
    clock.now += 30_000;
    expect(limits.wait("ada", "2.2.2.2")).toBe(0);
    guess(limits, 2, "ada", "4.4.4.4");
    expect(limits.wait("ada", "2.2.2.2")).toBe(60);
  });

  test("is free thirty times for an address, whoever is tried", () => {
    const { limits } = start();
    for (let user = 0; user < 29; user++) guess(limits, 1, `user ${user}`);
    expect(limits.wait(undefined, "::1")).toBe(0);
    guess(limits, 1, undefined);
    expect(limits.wait(undefined, "::1")).toBe(10);
    expect(limits.wait("ada", "::2")).toBe(0);
  });

  test("is forgiven by a right one, to the user whole and to the address what it cost", () => {
    const { limits } = start();
    guess(limits, 29, "ada");
    limits.note("ada", "::1");
    limits.forgive("ada", "::1");
    expect(limits.wait("ada", "::1")).toBe(0);
    guess(limits, 1, "grace");
    expect(limits.wait("grace", "::1")).toBe(10);
  });
});
