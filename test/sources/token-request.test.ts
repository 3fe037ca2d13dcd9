import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../src/sources/failure.ts";
import { postForm, readTokenAnswer, requireSafe } from "../../src/sources/token-request.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 2000);

describe("readTokenAnswer", () => {
  test("takes any answer, and gives a token that fits a header or a failure on one line", () => {
    const value = fc.oneof(
      fc.string(),
      fc.jsonValue(),
      fc.constantFrom("Bearer", "bearer", 1e308, "Infinity", -1, Number.NaN),
    );
    const fields = fc.record(
      { access_token: value, token_type: value, expires_in: value, error: value, error_description: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, fc.constantFrom(200, 400, 503), (record, status) => {
        try {
          const { token, expiresAt } = readTokenAnswer("https://a.example/token", { status, fields: record }, 0);
          expect(token.reveal()).toMatch(/^[\x21-\x7e]+$/);
          expect(expiresAt ?? 0).toBeLessThanOrEqual(12 * 3600);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).message).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: runs },
    );
  });

  test("takes any body, and never quotes it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (body) => {
        const fetch = async () => new Response(`{"access_token":"hush ${body}`);
        const answer = await postForm("https://a.example/token", {}, fetch);
        const error = await Promise.try(readTokenAnswer, "https://a.example/token", answer, 0).catch(
          (thrown) => thrown,
        );
        expect(error).toBeInstanceOf(Failure);
        expect(error.message).not.toContain("hush");
      }),
      { numRuns: Math.min(runs, 500) },
    );
  });
});

test("requireSafe lets credentials go without encryption to this machine only", () => {
  expect(requireSafe("http://127.0.0.1:1/token")).toBe("http://127.0.0.1:1/token");
  expect(() => requireSafe("http://a.example/token")).toThrow("without encryption");
  expect(() => requireSafe("token")).toThrow("not a URL");
});
