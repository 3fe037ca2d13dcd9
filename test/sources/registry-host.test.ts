import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isLoopback, parseRegistryHost } from "../../src/sources/registry-host.ts";

describe("parseRegistryHost", () => {
  const accepted: [string, string][] = [
    ["gcr.io", "gcr.io"],
    ["GCR.io", "gcr.io"],
    ["https://gcr.io", "gcr.io"],
    ["HTTPS://gcr.io/v2/", "gcr.io"],
    ["https://gcr.io:443/v2/", "gcr.io"],
    ["gcr.io:443", "gcr.io"],
    ["http://localhost:80", "localhost"],
    ["localhost:80", "localhost:80"],
    ["http://gcr.io:443", "gcr.io:443"],
    ["localhost:5000/project/image", "localhost:5000"],
    ["https://index.docker.io/v1/", "index.docker.io"],
    ["[::1]:5000", "[::1]:5000"],
    ["https://[2001:db8::1]/v2", "[2001:db8::1]"],
    ["gcr.io?x=/", "gcr.io"],
  ];
  for (const [text, host] of accepted)
    test(`reads ${text} as ${host}`, () => expect<string | undefined>(parseRegistryHost(text)).toBe(host));

  const refused = [
    "",
    " ",
    "https://",
    "/gcr.io",
    "user@gcr.io",
    "https://gcr.io@example.com",
    "a b",
    "gcr.io\\.example.com",
  ];
  refused.push(
    "ftp://gcr.io",
    "gcr.io:",
    "gcr.io:99999",
    "gcr.io:1:2",
    "-gcr.io",
    "gcr.io.",
    "gсr.io",
    "a".repeat(256),
    "%67cr.io",
  );
  for (const text of refused)
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => expect(parseRegistryHost(text)).toBeUndefined());

  const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/);
  const hostname = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });
  const path = fc.webPath().map((text) => (text.startsWith("/") || text === "" ? text : `/${text}`));

  test("agrees with the URL parser about every URL, so that no spelling reaches another host", () => {
    fc.assert(
      fc.property(fc.constantFrom("http", "https"), hostname, port, path, (scheme, name, number, rest) => {
        const text = `${scheme}://${name}${number === undefined ? "" : `:${number}`}${rest}`;
        const url = URL.parse(text);
        // A name like 1.2 is a number to the URL parser; such a name is never configured.
        fc.pre(url !== null && url.hostname === name);
        expect<string | undefined>(parseRegistryHost(text)).toBe(url.host);
      }),
    );
  });

  test("changes nothing the second time, and upper case makes no difference", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.webAuthority()), (text) => {
        const host = parseRegistryHost(text);
        if (host === undefined) return;
        expect(parseRegistryHost(`https://${host}`)).toBe(parseRegistryHost(host));
        expect(parseRegistryHost(host.toUpperCase())).toBe(parseRegistryHost(host));
        expect(host).toMatch(/^[a-z0-9.:[\]-]+$/);
      }),
    );
  });
});

test("isLoopback knows the names that are always this machine", () => {
  for (const name of ["localhost", "registry.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
    expect(isLoopback(name)).toBe(true);
  for (const name of ["localhost.example.com", "10.0.0.1", "127.0.0.1.example.com", "0.0.0.0"])
    expect(isLoopback(name)).toBe(false);
});
