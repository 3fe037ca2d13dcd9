// Docker's file and our own, whatever is in them: an edit changes its own entry and nothing else, or is refused and the text
// stays as it is; reading gives values or a failure in our own words, which quotes nothing of the file.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { npmRegistries, withTokens } from "../../src/cli/auth/npmrc-text.ts";
import { readCredentialFile } from "../../src/cli/doctor/docker-file.ts";
import { readTrace } from "../../src/cli/trace/trace-file.ts";
import { readDockerConfig } from "../../src/docker-config/docker-config-file.ts";
import { type Edit, editJson } from "../../src/docker-config/edit-json.ts";
import { Failure } from "../../src/sources/failure.ts";
import { Secret } from "../../src/sources/secret.ts";
import { readSettings } from "../../src/sources/settings.ts";
import { check, json, keys, spoilt, timeoutMilliseconds } from "./fuzz.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));

const layouts = fc.constantFrom<[indent: string | number, end: string]>(["", ""], ["\t", "\n"], [2, "\n"], [4, "\r\n"]);
const object = fc.dictionary(keys, json, { maxKeys: 6 });
const helpers = fc.dictionary(keys, fc.oneof(fc.string(), json), { maxKeys: 4 });
const entry = fc.record({ auth: fc.oneof(fc.base64String(), fc.string(), json) }, { requiredKeys: [] });
const dockerFile = fc
  .record(
    { credHelpers: fc.oneof(helpers, json), auths: fc.oneof(fc.dictionary(keys, entry), json), credsStore: json },
    { requiredKeys: [] },
  )
  .chain((known) => object.map((others) => ({ ...others, ...known })));
const dockerText = fc
  .tuple(dockerFile, layouts)
  .map(([value, [indent, end]]) => JSON.stringify(value, undefined, indent).replaceAll("\n", end || "\n") + end);
const edit: fc.Arbitrary<Edit> = fc
  .tuple(fc.constantFrom("credHelpers", "auths"), keys, fc.option(fc.string(), { nil: undefined }))
  .map(([name, key, value]) => ({ object: name, key, ...(value !== undefined && { value }) }));

/** The same object, the edit made in the plainest way. */
function edited(whole: Record<string, unknown>, { object: name, key, value }: Edit): Record<string, unknown> {
  const copy = structuredClone(whole);
  const parent = (copy[name] ?? {}) as Record<string, unknown>;
  const entries = Object.entries(parent).filter(([each]) => each !== key);
  const isThere = Object.hasOwn(parent, key);
  if (value === undefined && !isThere) return copy;
  if (value === undefined && entries.length === 0) {
    delete copy[name];
    return copy;
  }
  return { ...copy, [name]: Object.fromEntries([...entries, ...(value === undefined ? [] : [[key, value]])]) };
}

function failureOf(work: () => unknown): Failure | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
}

describe("Docker's file", () => {
  test(
    "after an edit holds what it held, and the edit",
    () =>
      check(fc.tuple(dockerText, edit), ([text, change]) => {
        const whole = JSON.parse(text);
        let after: string | undefined;
        const failure = failureOf(() => {
          after = editJson(text, whole, [change], "config.json");
        });
        const parent = whole[change.object];
        const isObject =
          parent === null || parent === undefined || (typeof parent === "object" && !Array.isArray(parent));
        if (failure) expect(isObject).toBe(false);
        else expect(isDeepStrictEqual(JSON.parse(after ?? ""), edited(whole, change))).toBe(true);
      }),
    timeoutMilliseconds,
  );

  test(
    "edited there and back is the same to the byte where the entry was new and not the only one",
    () =>
      check(fc.tuple(dockerText, keys, fc.string()), ([text, key, value]) => {
        const whole = JSON.parse(text);
        const helpers = whole.credHelpers;
        const isFit = typeof helpers === "object" && helpers !== null && !Array.isArray(helpers);
        if (!isFit || Object.keys(helpers).length === 0 || Object.hasOwn(helpers, key)) return;
        const there = editJson(text, whole, [{ object: "credHelpers", key, value }], "config.json");
        expect(editJson(there, JSON.parse(there), [{ object: "credHelpers", key }], "config.json")).toBe(text);
      }),
    timeoutMilliseconds,
  );

  test(
    "is read, or refused without quoting it",
    () =>
      check(spoilt(dockerText), (text) => {
        const path = join(folder, "config.json");
        writeFileSync(path, text);
        const { exists, entries } = readCredentialFile(path);
        expect(exists).toBe(true);
        for (const { username } of entries) expect(username).toBeString();
        const failure = failureOf(() => readDockerConfig({ DOCKER_CONFIG: folder, HOME: folder }));
        expect(failure?.message ?? path).toContain(path);
      }),
    timeoutMilliseconds,
  );
});

describe("our own files", () => {
  const account = fc.record(
    { server: fc.oneof(fc.webUrl(), json), keyId: json, tokenUri: fc.oneof(fc.webUrl(), json) },
    { requiredKeys: [] },
  );
  const settings = fc
    .record(
      {
        active: fc.oneof(fc.emailAddress(), json),
        accounts: fc.oneof(fc.dictionary(fc.oneof(fc.emailAddress(), keys), fc.oneof(account, json)), json),
        registries: fc.oneof(fc.dictionary(keys, fc.oneof(fc.string(), json)), json),
        hosts: fc.oneof(fc.dictionary(keys, fc.oneof(object, json)), json),
        defaults: fc.oneof(object, json),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value));

  test(
    "settings are read, or refused with the file's name",
    () =>
      check(spoilt(settings), (text) => {
        writeFileSync(join(folder, "settings.json"), text);
        const failure = failureOf(() => readSettings({ WAYBILL_CONFIG_DIR: folder, HOME: folder }));
        expect(failure?.message ?? "settings.json").toContain("settings.json");
      }),
    timeoutMilliseconds,
  );

  test(
    "a recording is read, or refused",
    () => {
      const exchange = fc.record({
        method: fc.constantFrom("GET", "x"),
        url: fc.oneof(fc.webUrl(), fc.string()),
        status: fc.oneof(fc.nat(), json),
        requestHeaders: object,
        responseHeaders: fc.dictionary(keys, fc.string()),
      });
      const recording = fc.record({
        format: fc.constant("waybill-trace/1"),
        exchanges: fc.array(fc.oneof(exchange, json)),
      });
      return check(spoilt(recording.map((value) => JSON.stringify(value))), (text) => {
        const path = join(folder, "trace.json");
        writeFileSync(path, text);
        failureOf(() => readTrace(path));
      });
    },
    timeoutMilliseconds,
  );

  test(
    "npm's file keeps every line that is not a token's own",
    () => {
      const line = fc.oneof(
        fc.string(),
        fc.constantFrom("registry=https://gcr.io/a", "//gcr.io/a/:_authToken=x", "; c", "\r"),
      );
      return check(
        fc.array(line).map((lines) => lines.join("\n")),
        (text) => {
          npmRegistries(text);
          const token = { registry: new URL("https://gcr.io/a"), token: new Secret("$1fresh"), expiresAt: undefined };
          const own = /^[ \t]*\/\/gcr\.io\/a\/:_authToken[ \t]*=/;
          const rest = (all: string) => all.split("\n").filter((each) => !own.test(each));
          const after = withTokens(text, [token]);
          expect(after).toContain("=$1fresh");
          expect(rest(after).join("\n").trimEnd()).toBe(rest(text).join("\n").trimEnd());
        },
      );
    },
    timeoutMilliseconds,
  );
});
