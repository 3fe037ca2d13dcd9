import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { makeCertificate } from "./certificate.ts";
import { clientTest } from "./client-test.ts";
import { createNamespace } from "./namespace.ts";
import { Sandbox } from "./sandbox.ts";

clientTest("a namespace has host names of its own and leaves the machine's alone", ["root", "namespaces"], async () => {
  const before = readFileSync("/etc/hosts", "utf8");
  await using namespace = await createNamespace("127.0.0.1", ["gcr.io"]);
  await using sandbox = await Sandbox.create({ prefix: namespace.prefix });
  expect(await sandbox.succeed(["getent", "ahostsv4", "gcr.io"])).toContain("127.0.0.1");
  expect(readFileSync("/etc/hosts", "utf8")).toBe(before);
});

clientTest("a certificate of our authority is good for its names and no others", ["openssl"], async () => {
  await using sandbox = await Sandbox.create();
  const { authority, certificate } = await makeCertificate(sandbox, ["gcr.io", "eu.gcr.io"]);
  const verify = (name: string) => ["openssl", "verify", "-CAfile", authority, "-verify_hostname", name, certificate];
  await sandbox.succeed(verify("eu.gcr.io"));
  expect(await sandbox.fail(verify("us.gcr.io"))).toContain("mismatch");
});
