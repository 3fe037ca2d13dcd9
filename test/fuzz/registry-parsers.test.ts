import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseByteRange, parseContentRange } from "../../src/http/distribution/byte-range.ts";
import { parseRoute } from "../../src/http/distribution/route.ts";
import { parseAccessScopes } from "../../src/http/token/access-scope.ts";
import { parseAuthorization } from "../../src/identity/credentials.ts";
import { IdentityError } from "../../src/identity/identity-error.ts";
import { parseKeyFile } from "../../src/identity/key-file.ts";
import { parseScopes } from "../../src/identity/scopes.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { parseReference } from "../../src/registry/reference.ts";
import { RegistryError } from "../../src/registry/registry-error.ts";
import { parseRepository, repositoryPath } from "../../src/registry/repository.ts";

// Whatever comes from outside becomes a typed value or a refusal in our own words: nothing else is thrown, nothing hangs,
// and what was taken can be written out and read again as the same.

/** `WAYBILL_FUZZ_CASES=200000 npm run test:fuzz` runs each of these as often; a short seeded run is part of `npm test`. */
const numRuns = Number(process.env.WAYBILL_FUZZ_CASES ?? 2000);
const seed = Number(process.env.WAYBILL_FUZZ_SEED ?? 20261123);
const check = <T>(values: fc.Arbitrary<T>, hold: (value: T) => void) =>
  fc.assert(fc.property(values, hold), { numRuns, seed });
const timeoutMilliseconds = 5000 + numRuns;

const hex = "0123456789abcdef".repeat(4);
/** Text that is nearly right is what parsers get wrong. */
const pieces = fc.constantFrom(
  "/",
  ".",
  "..",
  "-",
  "_",
  "__",
  "%2e",
  "%2f",
  "%",
  ":",
  "@",
  "\0",
  "\n",
  " ",
  "ä",
  "․",
  "A",
  "a",
  "v2",
  "blobs",
  "uploads",
  "manifests",
  "tags",
  "list",
  "referrers",
  "_catalog",
  "sha256:",
  hex,
  hex.slice(1),
  "sha512:",
  "demo",
  "example.com",
  "latest",
  "*",
  ",",
  "=",
  "bytes",
  "0",
  "9",
  "-1",
  "99999999999999999999",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  "Basic ",
  "Bearer ",
  "Og==",
  "repository",
  "pull",
);
const text = fc.oneof(
  fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);

function refusedOrTaken<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RegistryError || error instanceof IdentityError) return undefined;
    throw error;
  }
}

describe("a fuzzed", () => {
  test(
    "repository name is refused, or is the same when it is written out",
    () => {
      check(text, (path) => {
        const repository = refusedOrTaken(() => parseRepository(path, "here"));
        if (!repository) return;
        expect(repositoryPath(repository.project, repository.image)).toBe(path);
        expect(path).toMatch(/^[a-z0-9][a-z0-9._/-]*$/);
        expect(path.length).toBeLessThanOrEqual(255);
      });
    },
    timeoutMilliseconds,
  );

  test(
    "path is nothing, a refusal, or names of the alphabet of names",
    () => {
      check(text, (rest) => {
        const route = refusedOrTaken(() => parseRoute(`/v2/${rest}`, "here"));
        if (route && "repository" in route) expect(`/v2/${rest}`).toContain(route.repository.path);
        if (route?.kind === "upload") expect(route.id).toMatch(/^[0-9a-f]{32}$/);
      });
    },
    timeoutMilliseconds,
  );

  test(
    "reference is refused, or a tag or digest and nothing else",
    () => {
      check(text, (value) => {
        const reference = refusedOrTaken(() => parseReference(value));
        if (reference?.kind === "tag") expect(reference.tag as string).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
        if (reference?.kind === "digest") expect(reference.digest).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
      });
    },
    timeoutMilliseconds,
  );

  test(
    "Range lies within the body, or is no range",
    () => {
      check(
        fc.tuple(
          fc.oneof(
            text,
            text.map((each) => `bytes=${each}`),
          ),
          fc.nat(),
        ),
        ([header, size]) => {
          const range = parseByteRange(header, size);
          if (range === undefined || range === "unsatisfiable") return;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThan(range.start);
          expect(range.end).toBeLessThanOrEqual(size);
        },
      );
    },
    timeoutMilliseconds,
  );

  test(
    "Content-Range is positive, or no number",
    () => {
      check(
        fc.oneof(
          text,
          fc.tuple(fc.integer(), fc.integer()).map(([start, end]) => `${start}-${end}`),
        ),
        (header) => {
          const range = parseContentRange(header);
          expect(Number.isNaN(range?.length) || (range?.length ?? 0) > 0).toBe(true);
        },
      );
    },
    timeoutMilliseconds,
  );

  test(
    "manifest is refused, or refers to well-formed digests only",
    () => {
      const descriptor = fc.record(
        {
          mediaType: text,
          digest: fc.oneof(text, fc.constant(`sha256:${hex}`)),
          size: fc.oneof(fc.integer(), text),
          urls: fc.array(text),
        },
        { requiredKeys: [] },
      );
      const image = "application/vnd.oci.image.manifest.v1+json";
      const document = fc.record(
        {
          schemaVersion: fc.oneof(fc.constant(2), fc.anything()),
          mediaType: fc.oneof(fc.constant(image), text),
          config: fc.oneof(descriptor, fc.anything()),
          layers: fc.oneof(fc.array(descriptor), fc.anything()),
          manifests: fc.oneof(fc.array(descriptor), fc.anything()),
          subject: descriptor,
        },
        { requiredKeys: [] },
      );
      const body = fc.oneof(
        document.map((each) => JSON.stringify(each) ?? ""),
        text,
        fc.json(),
      );
      check(fc.tuple(body, fc.oneof(fc.constant(image), text)), ([json, type]) => {
        const manifest = refusedOrTaken(() => parseManifest(Buffer.from(json), type));
        for (const { digest, size } of manifest?.references ?? []) {
          expect(digest).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
          expect(size).toBeGreaterThanOrEqual(0);
        }
      });
    },
    timeoutMilliseconds,
  );

  test(
    "Authorization header is refused, or credentials of one kind",
    () => {
      check(
        fc.oneof(
          text,
          text.map((each) => `Basic ${Buffer.from(each).toString("base64")}`),
        ),
        (header) => {
          const credentials = refusedOrTaken(() => parseAuthorization(header));
          if (credentials) expect(["none", "basic", "bearer"]).toContain(credentials.kind);
        },
      );
    },
    timeoutMilliseconds,
  );

  test(
    "key file is refused, or has a key id of 40 hex digits",
    () => {
      const file = fc.record(
        {
          type: fc.constantFrom("service_account", "x"),
          private_key_id: fc.oneof(text, fc.constant(hex.slice(0, 40))),
          private_key: text,
          client_email: text,
        },
        { requiredKeys: [] },
      );
      check(
        fc.oneof(
          text,
          fc.json(),
          file.map((each) => JSON.stringify(each)),
        ),
        (json) => {
          const key = refusedOrTaken(() => parseKeyFile(json));
          if (key) expect(key.private_key_id).toMatch(/^[0-9a-f]{40}$/);
        },
      );
    },
    timeoutMilliseconds,
  );

  test(
    "token scope is nothing, or actions in lower case",
    () => {
      check(fc.array(text, { maxLength: 4 }), (scopes) => {
        for (const { type, actions } of parseAccessScopes(scopes) ?? []) {
          expect(type.length).toBeGreaterThan(0);
          for (const action of actions) expect(action).toMatch(/^([a-z]+|\*)$/);
        }
        for (const scope of parseScopes(scopes.join(" ")) ?? []) expect(scope).not.toMatch(/[\s"\\]/);
      });
    },
    timeoutMilliseconds,
  );
});
