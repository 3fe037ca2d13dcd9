import { describe, expect, test } from "bun:test";
import { parseServiceAccountKey } from "../../src/sources/service-account-key.ts";
import { exchangeToken } from "../../src/sources/token-exchange.ts";
import { ServerUnreachable } from "../../src/sources/token-request.ts";
import { claimsOf, email, keyFields } from "../helper/home.ts";

const key = parseServiceAccountKey(JSON.stringify(keyFields()), "key.json");

function answering(status: number, body: string) {
  const requests: Request[] = [];
  const fetch = async (request: Request) => {
    requests.push(request);
    return new Response(body, { status });
  };
  return { requests, context: { fetch, now: () => Date.UTC(2026, 10, 23) } };
}

const good = JSON.stringify({ access_token: "ya", expires_in: 3600, token_type: "Bearer" });

describe("exchangeToken", () => {
  test("posts an assertion to the key's own endpoint and follows no redirect", async () => {
    const { requests, context } = answering(200, good);
    const { token, expiresInSeconds } = await exchangeToken(key, { scopes: ["a", "b"], lifetimeSeconds: 900 }, context);
    expect([token.reveal(), expiresInSeconds]).toEqual(["ya", 3600]);
    const [request] = requests;
    expect([request?.method, request?.url, request?.redirect]).toEqual([
      "POST",
      "http://localhost:5000/token",
      "manual",
    ]);
    expect(request?.headers.get("content-type")).toStartWith("application/x-www-form-urlencoded");
    const form = new URLSearchParams(await request?.text());
    expect([...form.keys()]).toEqual(["grant_type", "assertion", "lifetime"]);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    expect(form.get("lifetime")).toBe("900");
    const { claims } = claimsOf(form.get("assertion") ?? "");
    expect(claims).toMatchObject({ iss: email, aud: "http://localhost:5000/token", scope: "a b" });
  });

  const refusals: [number, string, RegExp][] = [
    [400, '{"error":"invalid_grant","error_description":"the key is disabled"}', /invalid_grant: the key is disabled$/],
    [400, '{"error":"invalid_scope"}', /refused robot@.*: invalid_scope$/],
    [401, "<html>", /: status 401$/],
    [302, "", /: status 302$/],
    [400, '{"error":"x","error_description":"\\u001b[2Jgone\\nnext"}', /: x: +\[2Jgone next$/],
    [200, "{}", /gave no access token/],
    [200, "not JSON", /gave no access token/],
    [200, '{"access_token":"ya","token_type":"mac"}', /gave no access token/],
    [200, `{"access_token":"${"x".repeat(70_000)}","token_type":"Bearer"}`, /gave no access token/],
  ];
  for (const [status, body, message] of refusals)
    test(`tells what the server said: ${status} ${body.slice(0, 60)}`, () => {
      const attempt = exchangeToken(key, { scopes: ["a"] }, answering(status, body).context);
      expect(attempt).rejects.toThrow(message);
    });

  test("tells a server that cannot answer from one that refuses", async () => {
    const down = { now: Date.now, fetch: () => Promise.reject(new Error("connection refused")) };
    const unreachable = await exchangeToken(key, { scopes: ["a"] }, down).catch((error) => error);
    expect(unreachable).toBeInstanceOf(ServerUnreachable);
    const broken = await exchangeToken(key, { scopes: ["a"] }, answering(503, "").context).catch((error) => error);
    expect(broken).toBeInstanceOf(ServerUnreachable);
    const refused = await exchangeToken(key, { scopes: ["a"] }, answering(400, "").context).catch((error) => error);
    expect(refused).not.toBeInstanceOf(ServerUnreachable);
  });
});
