/** What `docker search` asks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  server = await startTestServer({ hosts: ["gcr.io", "eu.gcr.io"], tls: true });
  const [alpha, beta] = [await server.project("alpha"), await server.project("example.com:beta")];
  const add = async (name: string, resource: string, role: string, scopes: string[] = [scope.cloudPlatform]) => {
    const { account, key } = await server.account(alpha, name, resource ? [[resource as "installation", role]] : []);
    tokens[name] = server.accessToken(account, key, scopes);
  };
  await add("owner", "installation", "roles/owner");
  const there = { fetch: (path: string, init?: RequestInit) => server.fetch(`https://gcr.io${path}`, init) };
  for (const name of [
    "alpha/web-app",
    "alpha/web-proxy",
    "alpha/team/webhook",
    "alpha/database",
    "example.com/beta/web",
  ])
    await pushImage(there, name, "1", smallImage("a"), tokens.owner as string);
  await add("alpha", `project/${alpha.id}`, "roles/artifactregistry.reader");
  await add("beta", `project/${beta.id}`, "roles/artifactregistry.reader", [scope.storageReadOnly]);
  await add("nobody", "", "");
  await add("narrow", "installation", "roles/owner", [scope.iam]);
});
afterAll(() => server.close());

type Found = { num_results: number; page: number; num_pages: number; results: { name: string }[] };

async function search(query: string, headers: Record<string, string> | undefined, host = "gcr.io") {
  const answer = await server.fetch(`https://${host}/v1/search${query}`, headers ? { headers } : {});
  return { answer, body: (await answer.json()) as Found };
}
const as = (who: string) => basic("oauth2accesstoken", tokens[who] as string);
const namesIn = ({ results }: Found) => results.map(({ name }) => name);

describe("a search", () => {
  test.each([
    ["owner", "?q=web", ["example.com/beta/web", "alpha/web-app", "alpha/web-proxy", "alpha/team/webhook"]],
    ["alpha", "?q=web", ["alpha/web-app", "alpha/web-proxy", "alpha/team/webhook"]],
    ["beta", "?q=web", ["example.com/beta/web"]],
    ["beta", "?q=database", []],
    ["owner", "?q=WEB-", ["alpha/web-app", "alpha/web-proxy"]],
    ["owner", "?q=alpha/d", ["alpha/database"]],
    ["owner", "?q=%25", []],
    ["owner", "?q=web_app", []],
    ["owner", "?q=web&n=1", ["example.com/beta/web"]],
    ["owner", "?q=web&n=1&page=3", ["alpha/web-proxy"]],
    ["owner", "?q=web&n=3&page=2", ["alpha/team/webhook"]],
    ["owner", "?q=hook", ["alpha/team/webhook"]],
    [
      "owner",
      "?q=a/",
      ["alpha/database", "alpha/team/webhook", "example.com/beta/web", "alpha/web-app", "alpha/web-proxy"],
    ],
    ["owner", "?q=web&n=3&page=3", []],
    ["owner", "?q=web&n=999999999", ["example.com/beta/web", "alpha/web-app", "alpha/web-proxy", "alpha/team/webhook"]],
    ["nobody", "?q=web", []],
    ["narrow", "?q=web", []],
  ])("by %s for %s finds just what they may list", async (who, query, expected) => {
    for (const headers of [as(who), bearer(tokens[who] as string)]) {
      const { answer, body } = await search(query, headers);
      expect(answer.status).toBe(200);
      expect(namesIn(body)).toEqual(expected);
    }
  });

  test("is about the location that was asked", async () => {
    expect(namesIn((await search("?q=web", as("owner"), "eu.gcr.io")).body)).toEqual([]);
  });

  test("answers in the form that docker reads", async () => {
    const { body } = await search("?q=database&n=25", as("owner"));
    const flags = { star_count: 0, is_official: false, is_automated: false, is_trusted: false };
    expect(body).toEqual({
      query: "database",
      num_results: 1,
      num_pages: 1,
      page: 1,
      page_size: 25,
      results: [{ name: "alpha/database", description: "", ...flags }],
    } as never);
  });

  test("tells when there is another page", async () => {
    const { body } = await search("?q=web&n=2", as("owner"));
    expect({ pages: body.num_pages, results: body.num_results }).toEqual({ pages: 2, results: 3 });
  });

  test("without credentials is asked for them, also when its host is public", async () => {
    const { answer } = await search("?q=web", undefined);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('scope="registry:catalog:*"');
  });

  test("takes a registry token that was made for the catalog, and no other", async () => {
    const use = async (wanted: string) => {
      const minted = await server.fetch(`https://gcr.io/v2/token?scope=${wanted}`, { headers: as("alpha") });
      return (await search("?q=web", bearer(((await minted.json()) as { token: string }).token))).answer.status;
    };
    expect(await use("registry:catalog:*")).toBe(200);
    expect(await use("repository:alpha/web-app:pull")).toBe(401);
  });

  test.each(["?q=web&n=x", "?q=web&n=-1", "?q=web&page=1.5"])("refuses %s", async (query) => {
    expect((await search(query, as("owner"))).answer.status).toBe(400);
  });

  test("with a wrong password is refused", async () => {
    expect((await search("?q=web", basic("oauth2accesstoken", "wrong"))).answer.status).toBe(401);
  });
});

test("docker's ping is answered to everybody, and makes it send its credentials", async () => {
  const answer = await server.fetch("https://gcr.io/v1/_ping");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-docker-registry-standalone")).toBe("true");
  expect(await answer.json()).toBe(true);
});

test("the paths beside them are Google's, as before", async () => {
  for (const path of ["/v1/searches", "/v1/_ping/x", "/v1/projects"])
    expect((await server.fetch(`https://gcr.io${path}`)).headers.get("docker-distribution-api-version")).toBeNull();
});
