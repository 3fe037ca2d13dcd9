import { expect, test } from "bun:test";
import { ownPath } from "../../../../src/http/console/people/own-path.ts";

const rows: [string, string][] = [
  ["/console/projects/shop?after=x", "/console/projects/shop?after=x"],
  [
    "/authorize?client_id=waybill&redirect_uri=http%3A%2F%2F127.0.0.1",
    "/authorize?client_id=waybill&redirect_uri=http%3A%2F%2F127.0.0.1",
  ],
  ["/device", "/device"],
  ["https://evil.example/", "/console/"],
  ["//evil.example/console/", "/console/"],
  ["/\\evil.example", "/console/"],
  ["\\\\evil.example", "/console/"],
  ["/console/\\evil.example", "/console/"],
  ["/%5cevil.example", "/console/"],
  ["/console/%5c%5cevil.example", "/console/"],
  ["/console//evil.example", "/console/"],
  ["/console/..//evil.example", "/console/"],
  ["/console/%2e%2e/v2/", "/console/"],
  ["/console/../v2/", "/console/"],
  ["/console/%2F%2Fevil.example", "/console/"],
  ["/\tconsole/", "/console/"],
  ["/\n/evil.example", "/console/"],
  [" //evil.example", "/console/"],
  ["javascript:alert(1)", "/console/"],
  ["/v2/token", "/console/"],
  ["/consoleevil", "/console/"],
  ["/authorize.evil.example", "/console/"],
  [`/console/${"x".repeat(5000)}`, "/console/"],
  ["", "/console/"],
];

test.each(rows)("%p leads to %p", (text, path) => {
  expect(ownPath(text)).toBe(path);
  // Whatever comes of it stays here, as browsers read addresses.
  expect(new URL(ownPath(text), "https://registry.example.com/console/sign-in").origin).toBe(
    "https://registry.example.com",
  );
});
