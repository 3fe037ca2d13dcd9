// Key files and what token endpoints answer: a value that is fit to use, or a failure in our own words that quotes no secret.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { factsOf } from "../../src/cli/doctor/token-facts.ts";
import { mask } from "../../src/cli/mask.ts";
import { redactUrl } from "../../src/cli/trace/exchange.ts";
import { parseChallenges } from "../../src/client/probe/challenge.ts";
import { Failure } from "../../src/sources/failure.ts";
import { importPrivateKey, parseServiceAccountKey } from "../../src/sources/service-account-key.ts";
import { postForm, readTokenAnswer } from "../../src/sources/token-request.ts";
import { keyFields } from "../helper/home.ts";
import { check, json, keys, spoilt, timeoutMilliseconds } from "./fuzz.ts";

const key = keyFields();
const secretPart = key.private_key.split("\n")[5] as string;

async function valueOr<T>(work: () => T | Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).not.toContain(secretPart);
    return error as Failure;
  }
}

describe("a key file", () => {
  const field = fc.oneof(json, fc.string(), fc.constantFrom("", key.token_uri, key.private_key, key.client_email));
  const text = spoilt(
    fc
      .tuple(fc.constantFrom(...Object.keys(key)), field, fc.dictionary(keys, json, { maxKeys: 2 }))
      .map(([name, value, more]) => JSON.stringify({ ...key, ...more, [name]: value })),
  );

  test(
    "is one with every field fit to use, or refused",
    () =>
      check(text, async (candidate) => {
        const parsed = await valueOr(() => parseServiceAccountKey(candidate, "key.json"));
        if (parsed instanceof Failure) expect(parsed.message).toMatch(/key\.json|without encryption/);
        else {
          expect(parsed.email).toMatch(/^[^\s/\\]+@[^\s/\\]+$/);
          expect(parsed.keyId).toMatch(/^[\w-]+$/);
          expect(new URL(parsed.tokenUri).protocol).toMatch(/^https?:$/);
        }
      }),
    timeoutMilliseconds,
  );

  test(
    "with a damaged key signs, or is refused",
    () =>
      check(spoilt(fc.constant(key.private_key)), async (pem) => {
        const candidate = JSON.stringify({ ...key, private_key: pem });
        const parsed = await valueOr(() => parseServiceAccountKey(candidate, "key.json"));
        if (!(parsed instanceof Failure)) await valueOr(() => importPrivateKey(parsed));
      }),
    timeoutMilliseconds,
  );
});

describe("a token endpoint's answer", () => {
  /** Whose conversion to a text or a number throws. */
  const odd = fc.oneof(json, fc.constant({ toString: {}, valueOf: {} }));
  const body = spoilt(
    fc
      .record(
        {
          access_token: fc.oneof(fc.string(), fc.constant("token"), json),
          token_type: fc.oneof(fc.constantFrom("Bearer", "bearer", "mac"), odd),
          expires_in: fc.oneof(fc.constantFrom(3600, "3600", 0, -1, 1e308, "x"), fc.double(), odd),
          error: fc.oneof(fc.string(), json),
          error_description: fc.oneof(fc.string({ unit: "binary" }), json),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );
  const url = "https://registry.example.com/token";
  const now = Date.UTC(2026, 10, 23);

  test(
    "is a token that fits a header with an end that can be true, or a failure on one line",
    () =>
      check(fc.tuple(fc.constantFrom(200, 200, 200, 204, 302, 400, 401, 500, 503), body), async ([status, text]) => {
        const fetch = async () => new Response(status === 204 ? null : text, { status });
        const answer = await valueOr(async () => readTokenAnswer(url, await postForm(url, {}, fetch), now));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
        if (answer instanceof Failure) expect(answer.message).not.toMatch(/[\0-\x1f\x7f]/);
        else {
          expect(answer.token.reveal()).toMatch(/^[\x21-\x7e]+$/);
          const { expiresAt } = answer;
          if (expiresAt !== undefined) expect(expiresAt * 1000).toBeWithin(now, now + 12 * 3600 * 1000 + 1);
        }
      }),
    timeoutMilliseconds,
  );
});

describe("what doctor and trace read", () => {
  test(
    "a challenge has a scheme, and parameters that are texts",
    () => {
      const piece = fc.constantFrom("Bearer ", "Basic", ' realm="', '"', ",", "=", "\\", 'service="a"', "\t", "é");
      const header = fc.array(fc.oneof(piece, fc.string({ maxLength: 4 }))).map((pieces) => pieces.join(""));
      return check(header, (text) => {
        for (const { scheme, parameters } of parseChallenges(text)) {
          expect(scheme).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
          for (const value of Object.values(parameters)) expect(value).toBeString();
        }
      });
    },
    timeoutMilliseconds,
  );

  test(
    "a token tells facts of the right kinds, or none",
    () => {
      const claims = fc.record(
        { exp: json, iat: json, scope: json, iss: json, sub: json, email: json },
        { requiredKeys: [] },
      );
      const token = claims.map((value) => `x.${Buffer.from(JSON.stringify(value)).toString("base64url")}.y`);
      return check(spoilt(token), (text) => {
        const { kind, subject = "", scopes = [], expiresAtSeconds = 0 } = factsOf(text);
        expect([kind, subject, ...scopes].every((each) => typeof each === "string")).toBe(true);
        expect(expiresAtSeconds).toBeNumber();
      });
    },
    timeoutMilliseconds,
  );

  test(
    "a text is masked, however the secret stands in it",
    () => {
      const secret = fc.constantFrom(
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodXNoIn0.c2ln",
        "ya29.hush_hush",
        "wbr_hush.hush.hush",
      );
      return check(fc.tuple(fc.string(), secret, fc.string()), ([before, hidden, after]) => {
        // Joined to a word, it is a part of that word and no token.
        const text = `${before} ${hidden} ${after}`;
        expect(mask(text)).not.toContain(hidden);
        expect(redactUrl(`https://a.test/?x=${encodeURIComponent(text)}`)).not.toContain("hush");
      });
    },
    timeoutMilliseconds,
  );
});
