import { expect, test } from "bun:test";
import {
  artifactRegistryHosts,
  containerRegistryHosts,
  gcloudDefaultHosts,
  isGoogleRegistry,
} from "../../src/docker-config/google-registries.ts";
import { parseRegistryHost } from "../../src/sources/registry-host.ts";

const all = [...containerRegistryHosts, ...gcloudDefaultHosts, ...artifactRegistryHosts];

test("Google's registries are hosts, each once, and Google's", () => {
  expect(all.filter((host) => parseRegistryHost(host) !== host || !isGoogleRegistry(host))).toEqual([]);
  expect(new Set(artifactRegistryHosts).size).toBe(artifactRegistryHosts.length);
  expect([artifactRegistryHosts.length, containerRegistryHosts.length, gcloudDefaultHosts.length]).toEqual([92, 5, 6]);
});

test("a region that is in no list is Google's all the same, and a look-alike is not", () => {
  for (const host of ["mars-north1-docker.pkg.dev", "docker.mars-north1.rep.pkg.dev", "new.gcr.io"])
    expect(isGoogleRegistry(host)).toBe(true);
  for (const host of [
    "evilgcr.io",
    "gcr.io.example.com",
    "pkg.dev.example.com",
    "us-docker.pkg.dev:5000",
    "gcr.io:443",
  ])
    expect(isGoogleRegistry(host)).toBe(false);
});
