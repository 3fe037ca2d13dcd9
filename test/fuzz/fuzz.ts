// How a fuzz test of the client half runs: `WAYBILL_FUZZ_CASES=100000` as often as that, a short seeded run otherwise.
import fc from "fast-check";

const numRuns = Number(process.env.WAYBILL_FUZZ_CASES ?? 1000);
const seed = Number(process.env.WAYBILL_FUZZ_SEED ?? 20261123);

export const timeoutMilliseconds = 20_000 + numRuns * 10;

/** Holds for every value, or fails with the smallest one for which it does not. */
export async function check<T>(values: fc.Arbitrary<T>, hold: (value: T) => Promise<void> | void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(values, async (value) => hold(value)),
    { numRuns, seed },
  );
}

/** A text, or the JSON of a value, whole or damaged in one place. */
export function spoilt(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cut = fc.tuple(text, fc.nat(), fc.nat({ max: 8 }), fc.string({ maxLength: 4 }));
  const damaged = cut.map(([whole, at, length, instead]) => {
    const start = at % (whole.length + 1);
    return whole.slice(0, start) + instead + whole.slice(start + length);
  });
  return fc.oneof(
    { weight: 3, arbitrary: damaged },
    { weight: 2, arbitrary: text },
    { weight: 1, arbitrary: fc.string() },
  );
}

/** Any JSON value; names that JavaScript's objects have of their own are among its keys. */
export const json = fc.jsonValue({ maxDepth: 3 });
export const keys = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "",
    "gcr.io",
    "localhost:5000",
    "https://gcr.io/v1/",
    "ü\u2028",
  ),
);
