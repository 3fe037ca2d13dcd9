import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
let visitor: { authorization: string };

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("shop");
  const { account, key } = await server.account(project, "owner", [["installation", "roles/owner"]]);
  visitor = bearer(server.accessToken(account, key));
});
afterAll(() => server.close());

describe("a page of the console", () => {
  test("is one of ours only: no script, style, picture or form from elsewhere, and no frame around it", async () => {
    const answer = await server.fetch("/console/", { headers: visitor });
    expect(answer.status).toBe(200);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(policy).not.toMatch(/https?:|\*|data:/);
    const text = await answer.text();
    const urls = [...text.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, url]) => url ?? "");
    expect(urls.length).toBeGreaterThan(3);
    expect(urls.filter((url) => !url.startsWith("/console/") && !url.startsWith("#"))).toEqual([]);
    expect(text).not.toMatch(/\sstyle="|<style|\son[a-z]+="|javascript:/);
  });

  test("has files that browsers keep until they change", async () => {
    const text = await (await server.fetch("/console/", { headers: visitor })).text();
    for (const [, url = ""] of text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)) {
      const file = await server.fetch(url);
      expect(file.status).toBe(200);
      expect(file.headers.get("cache-control")).toContain("immutable");
      expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("sends somebody who has not signed in to do so, and back", async () => {
    const answer = await server.fetch("/console/projects/shop?after=a%26b");
    expect(answer.status).toBe(303);
    const next = "/console/projects/shop?after=a%26b";
    expect(answer.headers.get("location")).toBe(`/console/sign-in?next=${encodeURIComponent(next)}`);
  });

  test("is where a browser comes to that asks for the server itself; others get a line of text", async () => {
    const browser = await server.fetch("/", { headers: { accept: "text/html,*/*" } });
    expect([browser.status, browser.headers.get("location")]).toEqual([303, "/console/"]);
    expect(await (await server.fetch("/")).text()).toStartWith("Waybill");
  });

  test("says that there is none, in the same frame", async () => {
    const answer = await server.fetch("/console/nowhere", { headers: visitor });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("There is no such page");
  });
});
