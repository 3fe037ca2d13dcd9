import { describe, expect, test } from "bun:test";
import { RegistryClient, type RegistryRequest } from "../../../src/client/registry/registry-client.ts";
import type { RegistryRefusal } from "../../../src/client/registry/registry-refusal.ts";
import { Secret } from "../../../src/sources/secret.ts";

type Answer = (request: Request) => Response | Error;

const challenge = (realm: string, more = "") =>
  new Response(null, {
    status: 401,
    headers: { "www-authenticate": `Bearer realm="${realm}",service="r.test"${more}` },
  });
const token = (request: Request) =>
  Response.json({ token: `for ${new URL(request.url).searchParams.getAll("scope").join(" ")}` });

/** A network of some URLs; what was sent is remembered as "METHOD URL AUTHORIZATION". */
function network(routes: Record<string, Answer>, origin = "https://r.test") {
  const sent: string[] = [];
  const client = new RegistryClient({
    origin,
    credentials: async () => ({ username: "me", secret: new Secret("secret") }),
    fetch: async (request) => {
      const url = request.url.split("?", 1)[0] ?? "";
      const authorization = (request.headers.get("authorization") ?? "nobody").replace(/^Basic .*/, "my secret");
      sent.push(`${request.method} ${url} ${authorization}`);
      const answer = routes[url]?.(request) ?? new Response("no such route", { status: 404 });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { client, sent };
}

const read: RegistryRequest = {
  path: "/v2/p/i/manifests/1",
  scopes: ["repository:p/i:pull"],
  expect: [200],
  what: "to read p/i",
};
const manifest = "https://r.test/v2/p/i/manifests/1";
const ok = () => new Response("ok");

describe("RegistryClient", () => {
  test("answers the challenge of /v2/ with a token for the scope, and asks once", async () => {
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://r.test/token"),
      "https://r.test/token": token,
      [manifest]: ok,
    });
    for (let round = 0; round < 3; round++) expect(await (await client.send(read)).text()).toBe("ok");
    await client.send({ ...read, scopes: ["repository:p/i:pull", "repository:q/i:pull"] });
    const reading = "Bearer for repository:p/i:pull";
    expect(sent).toEqual([
      "GET https://r.test/v2/ nobody",
      "GET https://r.test/token my secret",
      ...Array(3).fill(`GET ${manifest} ${reading}`),
      "GET https://r.test/token my secret",
      `GET ${manifest} ${reading} repository:q/i:pull`,
    ]);
  });

  test("many requests at once share one challenge and one token", async () => {
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://r.test/token"),
      "https://r.test/token": token,
      [manifest]: ok,
    });
    await Promise.all(Array.from({ length: 5 }, () => client.send(read)));
    expect(sent.filter((line) => !line.includes(manifest))).toHaveLength(2);
  });

  test("sends no credentials to a realm elsewhere, and is anonymous there", async () => {
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://elsewhere.test/token"),
      "https://elsewhere.test/token": token,
      [manifest]: ok,
    });
    await client.send(read);
    expect(sent[1]).toBe("GET https://elsewhere.test/token nobody");
    expect(sent.join()).not.toContain("my secret");
  });

  test.each(["http://elsewhere.test/token", "http://r.test/token", "ftp://r.test/token", "nothing", ""])(
    "goes to no realm in clear or in nonsense: %p",
    async (realm) => {
      const { client, sent } = network({ "https://r.test/v2/": () => challenge(realm) });
      await expect(client.send(read)).rejects.toThrow("names no place that could give a token safely");
      expect(sent).toEqual(["GET https://r.test/v2/ nobody"]);
    },
  );

  test("uses Basic where nothing better is asked for, and nothing where nothing is", async () => {
    const basic = new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } });
    const asked = network({ "https://r.test/v2/": () => basic, [manifest]: ok });
    await asked.client.send(read);
    expect(asked.sent[1]).toBe(`GET ${manifest} my secret`);
    const open = network({ "https://r.test/v2/": ok, [manifest]: ok });
    await open.client.send(read);
    expect(open.sent[1]).toBe(`GET ${manifest} nobody`);
  });

  test("asks once more with the scope that a refusal names, and sends the body again", async () => {
    const scope = 'scope="repository:p/i:pull,push repository:q/i:pull",error="insufficient_scope"';
    const bodies: string[] = [];
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://r.test/token"),
      "https://r.test/token": token,
      [manifest]: (request) => {
        bodies.push(String(request.body !== null));
        return request.headers.get("authorization")?.includes("push")
          ? ok()
          : challenge("https://r.test/token", `,${scope}`);
      },
    });
    const body = () => new Uint8Array([1]);
    await client.send({ ...read, method: "PUT", body });
    expect(sent.at(-1)).toBe(
      `PUT ${manifest} Bearer for repository:p/i:pull,push repository:q/i:pull repository:p/i:pull`,
    );
    expect(bodies).toEqual(["true", "true"]);
  });

  test("gives up when the better token is refused too", async () => {
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://r.test/token"),
      "https://r.test/token": token,
      [manifest]: () => challenge("https://r.test/token"),
    });
    await expect(client.send(read)).rejects.toThrow("r.test refused to read p/i: status 401");
    expect(sent).toHaveLength(5);
  });

  test("follows a redirect of a read without its token, within the same host with it", async () => {
    const to = (location: string) => () => new Response(null, { status: 307, headers: { location } });
    const { client, sent } = network({
      "https://r.test/v2/": () => challenge("https://r.test/token"),
      "https://r.test/token": token,
      [manifest]: to("/elsewhere"),
      "https://r.test/elsewhere": to("https://bytes.test/x"),
      "https://bytes.test/x": ok,
    });
    expect(await (await client.send(read)).text()).toBe("ok");
    const reading = "Bearer for repository:p/i:pull";
    expect(sent.slice(2)).toEqual([
      `GET ${manifest} ${reading}`,
      `GET https://r.test/elsewhere ${reading}`,
      "GET https://bytes.test/x nobody",
    ]);
  });

  test.each([
    ["http://bytes.test/x", "without encryption"],
    ["http://127.0.0.1/x", "without encryption"],
  ])("follows no redirect to %s", async (location, text) => {
    const { client } = network({ "https://r.test/v2/": ok, [manifest]: () => Response.redirect(location, 302) });
    await expect(client.send(read)).rejects.toThrow(text);
  });

  test("follows no redirect of a write, and none for ever", async () => {
    const write = { ...read, method: "PUT", body: () => new Uint8Array(1) } as const;
    const circle = { "https://r.test/v2/": ok, [manifest]: () => Response.redirect(manifest, 302) };
    const once = network(circle);
    await expect(once.client.send(write)).rejects.toThrow("status 302");
    expect(once.sent).toHaveLength(2);
    const often = network(circle);
    await expect(often.client.send(read)).rejects.toThrow("status 302");
    expect(often.sent.length).toBeLessThan(10);
  });

  test("says what the registry said, on one line", async () => {
    const errors = [{ code: "DENIED", message: "no\u001b[31m\nway" }];
    const { client } = network({
      "https://r.test/v2/": ok,
      [manifest]: () => Response.json({ errors }, { status: 403 }),
    });
    const refusal = (await client.send(read).catch((error) => error)) as RegistryRefusal;
    expect({ status: refusal.status, code: refusal.code, message: refusal.message }).toEqual({
      status: 403,
      code: "DENIED",
      message: "r.test refused to read p/i: no [31m way",
    });
  });

  test.each([
    [{ "https://r.test/v2/": () => new Error("refused") }, "https://r.test does not answer: refused"],
    [{ "https://r.test/v2/": () => new Response("", { status: 500 }) }, "/v2/ answered with status 500"],
    [
      {
        "https://r.test/v2/": () => challenge("https://r.test/token"),
        "https://r.test/token": () => Response.json({}),
      },
      "https://r.test/token gave no token",
    ],
    [
      {
        "https://r.test/v2/": () => challenge("https://r.test/token"),
        "https://r.test/token": () => new Response("x", { status: 401 }),
      },
      "r.test refused a token: status 401",
    ],
  ])("fails with a word on why: %#", async (routes, text) => {
    await expect(network(routes).client.send(read)).rejects.toThrow(text);
  });

  test("speaks plainly on this very machine only", async () => {
    const local = network(
      {
        "http://localhost:5000/v2/": () => challenge("http://localhost:5000/v2/token"),
        "http://localhost:5000/v2/token": token,
        "http://localhost:5000/v2/p/i/manifests/1": ok,
      },
      "http://localhost:5000",
    );
    await local.client.send(read);
    expect(local.sent[1]).toBe("GET http://localhost:5000/v2/token my secret");
    const far = network({ "http://r.test/v2/": () => challenge("http://r.test/token") }, "http://r.test");
    await expect(far.client.send(read)).rejects.toThrow("safely");
  });
});
