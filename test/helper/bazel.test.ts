import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { claimsOf, email, Home } from "./home.ts";

// Bazel's proposal 2022-06-07 "Credential Helpers for Bazel" and its addition of `expires`, written down.
const getCredentialsRequest = z.strictObject({ uri: z.url() });
const getCredentialsResponse = z.strictObject({
  headers: z.record(z.string().regex(/^[\w-]+$/), z.array(z.string().regex(/^[\t\x20-\x7e]+$/)).min(1)),
  expires: z.iso.datetime({ offset: true }).optional(),
});

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.activate();
});
afterAll(() => home[Symbol.dispose]());

const requestOf = (uri: string) => JSON.stringify(getCredentialsRequest.parse({ uri }));

async function respond(input: string, command = ["bazel-credential-helper", "get"]) {
  const { exitCode, stdout, stderr } = await home.waybill(command, { input });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return getCredentialsResponse.parse(JSON.parse(stdout));
}

describe("Bazel's credential helper", () => {
  for (const uri of [
    "https://localhost:5000/v2/p/i/blobs/sha256:0",
    "http://127.0.0.1:5000/",
    "https://LOCALHOST:5000",
  ])
    test(`answers for ${uri} with a header and when it ends`, async () => {
      const { headers, expires } = await respond(requestOf(uri));
      expect(Object.keys(headers)).toEqual(["Authorization"]);
      const [scheme, token = ""] = headers.Authorization?.[0]?.split(" ") ?? [];
      expect(scheme).toBe("Bearer");
      const { claims } = claimsOf(token);
      expect(claims.iss).toBe(email);
      expect(Date.parse(expires ?? "") / 1000).toBe(claims.exp as number);
    });

  test("is reached by the name waybill-bazel too", async () => {
    expect((await respond(requestOf("https://localhost:5000/"), ["waybill-bazel", "get"])).headers).toContainKey(
      "Authorization",
    );
  });

  const others = [
    "https://localhost:5001/",
    "https://localhost.example.com:5000/",
    "https://localhost.example.com:5000/",
    "https://example.com/localhost:5000",
    "http://registry.example.com/",
    "ftp://localhost:5000/",
    "grpcs://localhost:5000/",
  ];
  for (const uri of others)
    test(`gives no header for ${uri}`, async () => {
      expect(await respond(JSON.stringify({ uri }))).toEqual({ headers: {} });
    });

  test("reads past fields that it does not know", async () => {
    expect(await respond('{"uri":"https://example.com/","later":[1]}')).toEqual({ headers: {} });
  });

  for (const input of [
    "",
    "null",
    "{}",
    '{"uri":1}',
    '{"uri":"no uri"}',
    "[",
    `{"uri":"https://${"x".repeat(70_000)}"}`,
  ])
    test(`fails for ${JSON.stringify(input.slice(0, 30))}, on standard error only`, async () => {
      const { exitCode, stdout, stderr } = await home.waybill(["waybill-bazel", "get"], { input });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(/^waybill: error: the request is not /);
    });

  test("refuses another action, and none", async () => {
    expect((await home.waybill(["waybill-bazel", "set"])).exitCode).toBe(2);
    expect((await home.waybill(["waybill-bazel"])).exitCode).toBe(2);
  });
});
