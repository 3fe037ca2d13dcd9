import { describe, expect, test } from "bun:test";
import { isSameServer, parseServer, registryHostsOf } from "../../src/sources/server.ts";

describe("parseServer", () => {
  const accepted: [string, string][] = [
    ["https://registry.example.com", "https://registry.example.com"],
    ["https://registry.example.com/", "https://registry.example.com"],
    ["registry.example.com:8443", "https://registry.example.com:8443"],
    ["http://localhost:5000", "http://localhost:5000"],
    ["localhost:5000", "http://localhost:5000"],
    ["127.0.0.1:5000", "http://127.0.0.1:5000"],
  ];
  for (const [text, server] of accepted)
    test(`reads ${text} as ${server}`, () => expect<string>(parseServer(text)).toBe(server));

  for (const text of [
    "",
    "http://",
    "https://user:pass@a.example",
    "https://a.example/path",
    "https://a.example?x",
    "ftp://a.example",
  ])
    test(`refuses ${JSON.stringify(text)}`, () => expect(() => parseServer(text)).toThrow());

  test("refuses plain HTTP to another machine, which would see the credentials go by", () => {
    expect(() => parseServer("http://registry.example.com")).toThrow(/without encryption/);
  });
});

test("registryHostsOf gives every name that people type for a server", () => {
  const hosts = (text: string) => registryHostsOf(parseServer(text)) as string[];
  expect(hosts("https://registry.example.com")).toEqual(["registry.example.com"]);
  expect(hosts("https://registry.example.com:8443")).toEqual(["registry.example.com:8443"]);
  expect(hosts("http://localhost:5000")).toEqual(["localhost:5000", "127.0.0.1:5000"]);
  expect(hosts("http://127.0.0.1:5000")).toEqual(["localhost:5000", "127.0.0.1:5000"]);
  expect(hosts("http://[::1]:5000")).toEqual(["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]);
  expect(hosts("https://eu.gcr.io")).toEqual(["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"]);
});

test("isSameServer takes the names of this machine for one, if the port is", () => {
  const same = (one: string, other: string) => isSameServer(parseServer(one), parseServer(other));
  expect(same("http://localhost:5000", "http://127.0.0.1:5000")).toBe(true);
  expect(same("http://localhost:5000", "http://localhost:5001")).toBe(false);
  expect(same("https://a.example", "https://b.example")).toBe(false);
});
