import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { locationKey } from "../../../src/access/resource.ts";
import { scope } from "../../../src/identity/scopes.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
const image = smallImage("a");
const tokens: Record<string, string> = {};

beforeAll(async () => {
  server = await startTestServer({ hosts: ["gcr.io", "eu.gcr.io"], tls: true });
  const [alpha, beta] = [await server.project("alpha"), await server.project("example.com:beta")];
  const add = async (name: string, resource: string, role: string, scopes: string[] = [scope.cloudPlatform]) => {
    const { account, key } = await server.account(alpha, name, resource ? [[resource as "installation", role]] : []);
    tokens[name] = server.accessToken(account, key, scopes);
  };
  await add("owner", "installation", "roles/owner");
  const there = (host: string) => ({
    fetch: (path: string, init?: RequestInit) => server.fetch(`https://${host}${path}`, init),
  });
  for (const name of ["alpha/a", "alpha/b", "alpha/team/c", "example.com/beta/x", "example.com/beta/y"]) {
    await pushImage(there("gcr.io"), name, "1", image, tokens.owner as string);
  }
  await pushImage(there("eu.gcr.io"), "alpha/europe", "1", image, tokens.owner as string);
  const single = (await server.metadata.hot.repositoryId("gcr.io", beta.id, "y")) as string;
  await add("alpha", `project/${alpha.id}`, "roles/artifactregistry.reader");
  await add("beta", `project/${beta.id}`, "roles/artifactregistry.reader");
  await add("single", `repository/${single}`, "roles/artifactregistry.reader");
  await add("europe", locationKey("eu.gcr.io", alpha.id), "roles/storage.legacyBucketReader");
  await add("accounts", `project/${alpha.id}`, "roles/iam.serviceAccountAdmin");
  await add("nobody", "", "");
  await add("narrow", "installation", "roles/owner", [scope.iam]);
});
afterAll(() => server.close());

const catalog = async (who: string | undefined, query = "", host = "gcr.io") => {
  const headers = who === undefined ? {} : bearer(tokens[who] as string);
  return await server.fetch(`https://${host}/v2/_catalog${query}`, { headers });
};
const names = async (answer: Response) => ((await answer.json()) as { repositories: string[] }).repositories;

describe("the catalog", () => {
  const everything = ["alpha/a", "alpha/b", "alpha/team/c", "example.com/beta/x", "example.com/beta/y"];
  const rows: [who: string, host: string, names: string[]][] = [
    ["owner", "gcr.io", everything],
    ["owner", "eu.gcr.io", ["alpha/europe"]],
    ["alpha", "gcr.io", everything.slice(0, 3)],
    ["alpha", "eu.gcr.io", ["alpha/europe"]],
    ["beta", "gcr.io", everything.slice(3)],
    ["single", "gcr.io", ["example.com/beta/y"]],
    ["europe", "gcr.io", []],
    ["europe", "eu.gcr.io", ["alpha/europe"]],
    ["accounts", "gcr.io", []],
    ["nobody", "gcr.io", []],
    ["narrow", "gcr.io", []],
  ];
  test.each(rows)("shows %s at %s just what they may list", async (who, host, expected) => {
    const answer = await catalog(who, "", host);
    expect(answer.status).toBe(200);
    expect(await names(answer)).toEqual(expected);
  });

  test.each(["owner", "alpha", "single"])("gives %s the same, one page at a time", async (who) => {
    const whole = await names(await catalog(who));
    const found: string[] = [];
    for (let query: string | undefined = "?n=1"; query; ) {
      const answer = await catalog(who, query);
      found.push(...(await names(answer)));
      query = /^<\/v2\/_catalog(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    expect(found).toEqual(whole);
  });

  test.each([
    ["?n=0", []],
    ["?n=2", everything.slice(0, 2)],
    ["?last=alpha/b", everything.slice(2)],
    ["?last=alpha/bb", everything.slice(2)],
    ["?last=zzz", []],
    [`?n=${"9".repeat(15)}`, everything],
  ] as const)("answers %p with %p", async (query, expected) => {
    expect(await names(await catalog("owner", query))).toEqual([...expected]);
  });

  test.each(["?n=x", "?n=-1", "?last=a%00"])("refuses %p", async (query) => {
    expect((await catalog("owner", query)).status).toBe(400);
  });

  test("asks a stranger to log in, and shows one with an anonymous token what is public", async () => {
    const asked = await catalog(undefined);
    expect(asked.status).toBe(401);
    expect(asked.headers.get("www-authenticate")).toContain('scope="registry:catalog:*"');
    const minted = await server.fetch("https://gcr.io/v2/token?scope=registry:catalog:*", { headers: basic("", "") });
    const { token } = (await minted.json()) as { token: string };
    tokens.anonymous = token;
    expect(await names(await catalog("anonymous"))).toEqual([]);
  });
});
