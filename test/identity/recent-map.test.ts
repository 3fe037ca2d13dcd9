import { expect, test } from "bun:test";
import { RecentMap } from "../../src/identity/recent-map.ts";

test("a recent map keeps the latest half, and what is asked for", () => {
  const map = new RecentMap<number, string>(10);
  for (let key = 0; key < 100; key++) {
    map.set(key, `value ${key}`);
    expect(map.get(0)).toBe("value 0");
  }
  for (let key = 95; key < 100; key++) expect(map.get(key)).toBe(`value ${key}`);
  expect(map.get(50)).toBeUndefined();
  const kept = Array.from({ length: 100 }, (_, key) => key).filter((key) => map.get(key) !== undefined);
  expect(kept.length).toBeLessThanOrEqual(10);
});
