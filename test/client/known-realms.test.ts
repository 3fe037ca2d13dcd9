import { expect, test } from "bun:test";
import { isTrustedRealm } from "../../src/client/probe/registry-probe.ts";

const docker = "https://registry-1.docker.io";

test("credentials go to a registry's own host, and to the token endpoint that is known for it", () => {
  expect(isTrustedRealm("https://gcr.io/v2/token", "https://gcr.io")).toBe(true);
  expect(isTrustedRealm("https://auth.docker.io/token", docker)).toBe(true);
});

test("credentials do not go to the token endpoint of another registry, nor there in clear", () => {
  expect(isTrustedRealm("https://auth.docker.io/token", "https://gcr.io")).toBe(false);
  expect(isTrustedRealm("http://auth.docker.io/token", docker)).toBe(false);
  expect(isTrustedRealm("https://auth.docker.io.example.com/token", docker)).toBe(false);
  expect(isTrustedRealm("https://auth.docker.io:8443/token", docker)).toBe(false);
  expect(isTrustedRealm("https://example.com/toString", "https://toString")).toBe(false);
  expect(isTrustedRealm(undefined, docker)).toBe(false);
});
