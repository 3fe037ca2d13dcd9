import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/config.ts";

const at = (endpoint: string, rest = "") => `--blobs=s3://bucket?endpoint=${endpoint}${rest}`;
const outside = ["--listen=0.0.0.0:443", "--tls-cert=c.pem", "--tls-key=k.pem"];

const refused: [string, string[], RegExp][] = [
  ["blobs in the data folder", [], /folder/],
  ["blobs in another folder", ["--blobs=/srv/blobs"], /folder/],
  ["the registry's own address", [at("http://127.0.0.1:7480")], /is 127.0.0.1/],
  ["another name of this machine", [at("http://localhost:7480")], /is localhost/],
  ["this machine in IPv6", [at("http://[::1]:7480")], /is ::1/],
  [
    "one of --hosts",
    [...outside, "--hosts=gcr.io,eu.gcr.io", at("https://eu.gcr.io")],
    /eu.gcr.io is gcr.io, or lies under it/,
  ],
  [
    "one of --hosts with a port",
    [...outside, "--hosts=registry.test:8443", at("https://registry.test")],
    /registry.test/,
  ],
  ["a host under one of --hosts", [...outside, "--hosts=example.com", at("https://s3.example.com")], /lies under it/],
  ["the same in capitals", [...outside, "--hosts=example.com", at("https://S3.EXAMPLE.com.")], /lies under it/],
  [
    "a bucket's own host under it",
    [...outside, "--hosts=bucket.example.com", at("https://example.com", "&path-style=no")],
    /is bucket.example.com/,
  ],
  [
    "a host under the public URL",
    [
      "--listen=0.0.0.0:80",
      "--trusted-proxies=10.0.0.0/8",
      "--public-url=https://example.com",
      at("https://s3.example.com"),
    ],
    /lies under it/,
  ],
  [
    "a store in clear beside a registry with TLS",
    [...outside, "--hosts=example.com", at("http://s3.test")],
    /must be https/,
  ],
];

test.each(refused)("--redirect-blobs is refused for %s", (_name, argv, message) => {
  expect(() => parseConfig([...argv, "--redirect-blobs"])).toThrow(message);
  const folderOnly = argv.every((word) => !word.startsWith("--blobs=s3:"));
  if (!folderOnly) expect(parseConfig(argv)["redirect-blobs"]).toBe(false);
});

const taken: [string, string[]][] = [
  ["Amazon's", [...outside, "--hosts=registry.example.com", "--blobs=s3://bucket?region=eu-central-1"]],
  ["a host beside the registry's", [...outside, "--hosts=registry.example.com", at("https://s3.example.com")]],
  ["a host that only ends alike", [...outside, "--hosts=example.com", at("https://s3.myexample.com")]],
  ["another address of this machine's network", [at("http://127.0.0.2:7480")]],
];

test.each(taken)("--redirect-blobs is taken for %s", (_name, argv) => {
  expect(parseConfig([...argv, "--redirect-blobs"])["redirect-blobs"]).toBe(true);
});
