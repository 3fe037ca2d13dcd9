import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeGoJson } from "../../../src/helper/gcr/go-json.ts";
import { scanGoJson } from "../../../src/helper/gcr/go-json-scan.ts";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { Random } from "../crash/random.ts";
import { Home } from "../home.ts";
import { findPeer } from "./peer.ts";

const space = fc.constantFrom("", " ", "\n", "\t", "\r\n ");
const parses = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("scanGoJson", () => {
  test("finds the end of any value, whatever follows", () => {
    fc.assert(
      fc.property(fc.json(), space, fc.constantFrom("", ",", "{", "x", "]"), (json, before, after) => {
        fc.pre(!/^-?\d/.test(json));
        expect(scanGoJson(`${before}${json}${after}`)).toBe(json);
      }),
    );
  });

  test("accepts nothing that is not JSON, and all that is", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "1",
      "-",
      ".5",
      "e+",
      "true",
      "nul",
      "null",
      " ",
      "\\u00e",
      "\u0001",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        let scanned: string | undefined;
        try {
          scanned = scanGoJson(text);
        } catch {}
        if (scanned === undefined) expect(parses(text)).toBe(false);
        else expect(parses(scanned)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("ends with a file that is as deep as memory allows", () => {
    expect(() => scanGoJson("[".repeat(100_000))).toThrow("exceeded max depth");
    expect(scanGoJson("[".repeat(9_000) + "]".repeat(9_000))).toHaveLength(18_000);
  });
});

test("encodeGoJson writes what any reader of JSON reads back", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      expect(JSON.parse(encodeGoJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
    ),
  );
  expect(encodeGoJson("<a>&\u2028\u2029\u0001\b")).toBe('"\\u003ca\\u003e\\u0026\\u2028\\u2029\\u0001\\b"');
});

const cases = Number(process.env.WAYBILL_FUZZ_CASES ?? 300);
const seed = Number(process.env.WAYBILL_FUZZ_SEED ?? 7);
const peer = findPeer();

/** A login to store with a few characters gone wrong. */
function mangled(random: Random): string {
  const bits = [
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "\\",
    "\\u12",
    "'",
    "é",
    "\u0001",
    "1",
    "-",
    "1.",
    "2e",
    "tru",
    "nulL",
    "false",
    " ",
    "\u007f",
  ];
  let text = '{"ServerURL":"gcr.io","Username":"u","Secret":"s\\n","n":[1,-2.5e3,true,null,{}]}';
  for (let change = random.below(3); change >= 0; change--) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + (random.below(3) === 0 ? "" : random.choose(bits)) + text.slice(at + random.below(3));
  }
  return text;
}

test.skipIf(!("path" in peer))(
  `store of ${cases} mangled inputs (seed ${seed}) is answered as the real docker-credential-gcr answers it`,
  async () => {
    using home = new Home();
    home.env.DOCKER_CREDENTIAL_GCR_STRICT = "true";
    const random = new Random(seed);
    for (let index = 0; index < cases; index++) {
      const input = mangled(random);
      const { it, said } = context({ env: home.env, stdin: input });
      const exitCode = await runHelper("docker-credential-gcr", ["store"], it, async () => 1);
      const theirs = await home.run(["path" in peer ? peer.path : "", "store"], { input });
      expect({ input, exitCode, stdout: said.stdout }).toEqual({
        input,
        exitCode: theirs.exitCode,
        stdout: theirs.stdout,
      });
    }
  },
  60_000 + cases * 20,
);
