import { describe, expect, test } from "bun:test";
import { type AuditEvent, fromHere, nobody } from "../../src/audit/event.ts";
import { Repeats } from "../../src/audit/repeats.ts";

const known = { principal: "user:ada@example.com", id: "user:1", credential: "session" };
const refused = (resource: string, who = known): AuditEvent => {
  return { kind: "decision.refused", permission: "pull", reason: "policy", resource, who, from: fromHere };
};
const admitted = (repeats: Repeats, events: readonly AuditEvent[], now = 0) =>
  events.filter((event) => repeats.admits(event, now)).length;
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

describe("what repeats itself", () => {
  test("is written five times a minute, and then counted with what it was about", () => {
    const repeats = new Repeats();
    expect(
      admitted(
        repeats,
        many(12, () => refused("shop/app")),
      ),
    ).toBe(5);
    expect(repeats.drain(30_000, false)).toEqual([]);
    expect(repeats.drain(60_000, false)).toEqual([
      {
        kind: "repeated",
        of: "decision.refused",
        times: 7,
        reason: "policy",
        resource: "shop/app",
        who: known,
        from: fromHere,
        projectId: undefined,
      },
    ]);
    expect(repeats.drain(120_000, true)).toEqual([]);
    expect(admitted(repeats, [refused("shop/app")], 60_000)).toBe(1);
  });

  test("is each refusal of somebody known, however many different ones there are", () => {
    const repeats = new Repeats();
    expect(
      admitted(
        repeats,
        many(5000, (index) => refused(`shop/${index}`)),
      ),
    ).toBe(5000);
    expect(repeats.drain(60_000, true)).toEqual([]);
  });

  test("is one sort for a stranger who makes up names", () => {
    const repeats = new Repeats();
    expect(
      admitted(
        repeats,
        many(5000, (index) => refused(`shop/${index}`, nobody)),
      ),
    ).toBe(5);
    expect(repeats.drain(60_000, true)).toMatchObject([{ times: 4995, who: nobody }]);
  });

  test("is not what somebody known was given", () => {
    const issued = (who: typeof known): AuditEvent => ({
      kind: "token.issued",
      token: "registry",
      grant: "basic",
      who,
      from: fromHere,
    });
    expect(
      admitted(
        new Repeats(),
        many(100, () => issued(known)),
      ),
    ).toBe(100);
    expect(
      admitted(
        new Repeats(),
        many(100, () => issued(nobody)),
      ),
    ).toBe(5);
  });
});
