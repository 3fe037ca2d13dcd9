import { expect, test } from "bun:test";
import { spendAssertion } from "../../../../src/storage/metadata/spent-assertions.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addKey, addProject, newId, now } from "../fixtures.ts";

export function spentAssertions(suite: Suite): void {
  async function newKey(): Promise<string> {
    return (await addKey(suite.metadata, (await addAccount(suite.metadata, (await addProject(suite.metadata)).id)).id))
      .id;
  }
  const spend = (keyId: string, jti: string, expiresAt: number, at: number) =>
    suite.metadata.write((write) => spendAssertion(write, keyId, jti, expiresAt, at));

  test("an assertion is spent once; the same jti of another key is another assertion", async () => {
    const [one, two, jti] = [await newKey(), await newKey(), newId()];
    expect(await spend(one, jti, now + 60, now)).toBe(true);
    expect(await spend(one, jti, now + 60, now + 1)).toBe(false);
    expect(await spend(two, jti, now + 60, now)).toBe(true);
    expect(await spend(one, newId(), now + 60, now)).toBe(true);
  });

  test("an assertion is remembered until it has expired, and forgotten after", async () => {
    const [key, jti] = [await newKey(), newId()];
    await spend(key, jti, now + 60, now);
    expect(await spend(key, jti, now + 60, now + 60)).toBe(false);
    await spend(key, newId(), now + 100, now + 61);
    const left = await suite.metadata.read
      .selectFrom("spent_assertions")
      .select("jti")
      .where("jti", "=", jti)
      .execute();
    expect(left).toEqual([]);
  });

  test("of a hundred who spend the same assertion at once one succeeds", async () => {
    const [key, jti] = [await newKey(), newId()];
    const answers = await Promise.all(Array.from({ length: 100 }, () => spend(key, jti, now + 1000, now)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  }, 30_000);
}
