import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { csrfToken } from "../../../src/http/console/csrf.ts";
import { startTestServer, type TestServer } from "../../server.ts";
import { fillShop, signIn } from "./shop.ts";

let server: TestServer;
let shop: Awaited<ReturnType<typeof fillShop>>;
let cookie: string;
const page = "/console/projects/shop/federation/ci-pool/github";
const good = { aud: "https://registry.example", sub: "repo:me/app", repository: "me/app", ref: "refs/heads/main" };

beforeAll(async () => {
  server = await startTestServer();
  shop = await fillShop(server);
  ({ value: cookie } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]));
});
afterAll(() => server.close());

/** What the page says of each rule: whether it matches, the rule, and why. */
async function tried(token: string) {
  const answer = await server.fetch(page, {
    method: "POST",
    headers: { cookie: `waybill=${cookie}` },
    body: new URLSearchParams({ token, csrf: csrfToken(cookie) }),
  });
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect(text).not.toContain(token);
  const rows = [
    ...text.matchAll(
      /<span class="state (good|bad)">(?:Matches|Fails)<\/span>.*?<code>(.*?)<\/code>.*?<div>(.*?)<\/div>/gs,
    ),
  ];
  return {
    in: text.includes("This token is let in"),
    rules: rows.map(([, state, rule = "", said]) => [state, rule.replaceAll("&#39;", "'"), said] as const),
  };
}

describe("the tester of a provider", () => {
  test("shows that every rule matches, and who the bearer would be", async () => {
    const { in: isIn, rules } = await tried(shop.issuer.sign(good, server.clock.now));
    expect(isIn).toBe(true);
    expect(rules).toEqual([
      [
        "good",
        `Signed by ${shop.issuer.url} for this provider, and in time`,
        "the signature, the audience and the times are good",
      ],
      ["good", "google.subject = assertion.sub", "repo:me/app"],
      ["good", "attribute.repository = assertion.repository", "me/app"],
      ["good", "assertion.ref == 'refs/heads/main'", "the condition holds"],
    ]);
  });

  const wrong: readonly (readonly [string, object, readonly string[]])[] = [
    ["another branch", { ref: "refs/heads/else" }, ["good", "good", "good", "bad"]],
    ["no repository", { repository: undefined }, ["good", "good", "bad", "bad"]],
    ["another audience", { aud: "https://other.example" }, ["bad", "good", "good", "good"]],
    ["a token that has expired", { exp: 1 }, ["bad", "good", "good", "good"]],
    ["another issuer", { iss: "https://other.example" }, ["bad", "good", "good", "good"]],
  ];
  test.each(wrong)("shows which rule fails: %s", async (_name, change, states) => {
    const { in: isIn, rules } = await tried(shop.issuer.sign({ ...good, ...change }, server.clock.now));
    expect(isIn).toBe(false);
    expect(rules.map(([state]) => state)).toEqual([...states] as ("good" | "bad")[]);
  });

  test("takes a text that is no token", async () => {
    for (const text of ["x", "a.b.c", "{}", "..", `${"e30.".repeat(2)}x`]) {
      expect((await tried(`${text} `)).in).toBe(false);
    }
  });

  test("says what the exchange itself does", async () => {
    const audience = `//iam.googleapis.com/projects/${shop.project.id}/locations/global/workloadIdentityPools/ci-pool/providers/github`;
    for (const change of [{}, ...wrong.map(([, each]) => each)]) {
      const token = shop.issuer.sign({ ...good, ...change }, server.clock.now);
      const exchanged = await server.workloadIdentity.identify(audience, token).then(
        () => true,
        () => false,
      );
      expect((await tried(token)).in).toBe(exchanged);
    }
  });
});
