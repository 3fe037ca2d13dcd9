import { describe, expect, test } from "bun:test";
import { FilterError, parseFilter } from "../../src/audit/filter.ts";

const at = Date.UTC(2026, 10, 24, 12);
const entry = {
  at,
  kind: "decision.refused",
  permission: "artifactregistry.repositories.uploadArtifacts",
  resource: "shop/a b",
  who: { principal: "serviceAccount:robot@shop.iam.waybill.internal", id: "serviceAccount:1" },
  from: { address: "10.0.0.1" },
};

describe("a filter of the audit log", () => {
  const rows: [string, boolean][] = [
    ["", true],
    ["kind=decision.refused", true],
    ["kind=token.issued", false],
    ["kind!=token.issued", true],
    ["kind!=decision.refused", false],
    ["permission:upload", true],
    ["permission:download", false],
    ['resource="shop/a b"', true],
    ['resource="shop/a \\"b"', false],
    ["principal:robot AND kind=decision.refused", true],
    ["principal:robot AND kind=token.issued", false],
    ["key=anything", false],
    ["key!=anything", true],
    ["time>=2026-11-24T12:00:00Z", true],
    ["time>2026-11-24T12:00:00Z", false],
    ["time<2026-11-24T12:00:00Z", false],
    ["time<=2026-11-24T12:00:00Z AND time>=2026-11-24", true],
    ["time>=2026-11-24T14:00:00+02:00", true],
  ];
  test.each(rows)("%p matches: %p", (text, matches) => {
    expect(parseFilter(text).matches(entry)).toBe(matches);
  });

  test.each([
    "kind",
    "kind=a OR kind=b",
    "kind=a AND",
    "secret=a",
    "constructor=a",
    "__proto__=a",
    "kind>=a",
    "time=2026-11-24",
    "time>=yesterday",
    'kind="a',
    Array(21).fill("kind=a").join(" AND "),
    `kind=${"a".repeat(2000)}`,
  ])("%p is none", (text) => {
    expect(() => parseFilter(text)).toThrow(FilterError);
  });
});
