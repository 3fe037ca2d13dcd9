import { afterAll, describe, expect, test } from "bun:test";
import { IssuerKeys } from "../src/identity/federation/issuer-keys.ts";
import { issuerDocuments } from "../src/issuer-documents.ts";
import { Issuer } from "./identity/federation/issuer.ts";

/** What this server fetches from outside issuers, and what it does not. */
const issuer = new Issuer();
afterAll(() => issuer[Symbol.dispose]());

const keysOf = (at = issuer, documents = issuerDocuments(fetch, [at.host]).fetch) =>
  new IssuerKeys(documents, Date.now).of(at.url, undefined);

describe("an issuer's documents", () => {
  test("are fetched from an issuer that the operator named, wherever it lies", async () => {
    expect(await keysOf()).toHaveLength(1);
  });

  const resolving = (...addresses: string[]) => {
    const asked: string[] = [];
    const answer = async ({ url }: Request) => {
      asked.push(url);
      return Response.json({});
    };
    return { documents: issuerDocuments(answer, [], undefined, async () => addresses).fetch, asked };
  };
  const places: [string, string, string[], boolean][] = [
    ["a public address", "https://issuer.example/x", ["192.0.2.1"], true],
    ["a private address", "https://issuer.example/x", ["10.0.0.1"], false],
    ["a public and a private address", "https://issuer.example/x", ["192.0.2.1", "10.0.0.1"], false],
    ["the cloud's metadata server", "https://169.254.169.254/x", [], false],
    ["this machine", "https://127.0.0.1/x", [], false],
    ["this machine over IPv6", "https://[::1]/x", [], false],
    ["this machine in IPv6's clothes", "https://[::ffff:127.0.0.1]/x", [], false],
    ["this machine as one number", "https://2130706433/x", [], false],
    ["a private network over IPv6", "https://[fd00::1]/x", [], false],
    ["no address at all", "https://issuer.example/x", [], false],
    ["a public address, over plain HTTP", "http://issuer.example/x", ["192.0.2.1"], false],
  ];
  test.each(places)("from %s", async (_name, url, addresses, expected) => {
    const { documents, asked } = resolving(...addresses);
    const outcome = await documents(url).then(
      () => true,
      () => false,
    );
    expect(outcome).toBe(expected);
    expect(asked).toHaveLength(expected ? 1 : 0);
  });

  test("are not fetched where a redirect leads", async () => {
    using inside = new Issuer();
    using redirecting = new Issuer();
    redirecting.document("/jwks", () => Response.redirect(`${inside.url}/jwks`, 302));
    const documents = issuerDocuments(fetch, [redirecting.host, inside.host]).fetch;
    await expect(keysOf(redirecting, documents)).rejects.toThrow(/status 302/);
    expect(inside.asked).toEqual([]);
  });

  test("are not fetched from a private address that a discovery document names", async () => {
    using inside = new Issuer();
    using pointing = new Issuer();
    pointing.document("/.well-known/openid-configuration", () =>
      Response.json({ issuer: pointing.url, jwks_uri: `${inside.url}/jwks` }),
    );
    await expect(keysOf(pointing)).rejects.toThrow(/--private-issuers/);
    expect(inside.asked).toEqual([]);
  });

  test("are given up when they are larger than a key set can be", async () => {
    using large = new Issuer();
    let sent = 0;
    large.document("/jwks", () => {
      const chunk = new Uint8Array(64 * 1024).fill(32);
      const body = new ReadableStream({
        pull(controller) {
          if (sent >= 100 * 1024 * 1024) return controller.close();
          sent += chunk.byteLength;
          controller.enqueue(chunk);
        },
      });
      return new Response(body);
    });
    await expect(keysOf(large)).rejects.toThrow(/more than 262144 bytes/);
    expect(sent).toBeLessThan(50 * 1024 * 1024);
  });

  const malformed: [string, string, () => Response][] = [
    [
      "a discovery document of another issuer",
      "/.well-known/openid-configuration",
      () => Response.json({ issuer: "https://other.example", jwks_uri: `${issuer.url}/jwks` }),
    ],
    [
      "a discovery document without keys",
      "/.well-known/openid-configuration",
      () => Response.json({ issuer: issuer.url }),
    ],
    ["a discovery document that is no JSON", "/.well-known/openid-configuration", () => new Response("<html>")],
    ["an error", "/.well-known/openid-configuration", () => new Response("", { status: 500 })],
  ];
  test.each(malformed)("that are %s give no key", async (_name, path, answer) => {
    using other = new Issuer();
    other.document(path, answer);
    await expect(keysOf(other)).rejects.toThrow();
  });

  test("give only keys that may sign", async () => {
    using other = new Issuer();
    const [good] = other.jwks().keys as [Record<string, unknown>];
    const keys = [
      good,
      { kty: "oct", k: "c2VjcmV0" },
      { ...good, use: "enc" },
      { ...good, n: "AQAB" },
      { kty: "RSA" },
      { kty: "EC", crv: "P-521" },
      { ...good, kid: 7 },
    ];
    other.document("/jwks", () => Response.json({ keys }));
    expect(await keysOf(other)).toEqual([good as never]);
    other.document("/jwks", () => Response.json({ keys: Array(101).fill(good) }));
    expect(await keysOf(other)).toEqual([]);
  });

  test("are believed for an hour while the issuer does not answer", async () => {
    using failing = new Issuer();
    let now = Date.now();
    const keys = new IssuerKeys(allowedOf(failing), () => now);
    expect(await keys.of(failing.url, undefined)).toHaveLength(1);
    failing.document("/jwks", () => new Response("", { status: 503 }));
    now += 59 * 60_000;
    expect(await keys.of(failing.url, undefined)).toHaveLength(1);
    now += 2 * 60_000;
    await expect(keys.of(failing.url, undefined)).rejects.toThrow(/cannot be had/);
  });

  test("are asked for once, however many wait for them", async () => {
    using counting = new Issuer();
    const keys = new IssuerKeys(allowedOf(counting), Date.now);
    await Promise.all(Array.from({ length: 20 }, () => keys.of(counting.url, undefined)));
    expect(counting.asked).toEqual(["/.well-known/openid-configuration", "/jwks"]);
  });
});

const allowedOf = (at: Issuer) => issuerDocuments(fetch, [at.host]).fetch;
