import { expect, test } from "bun:test";
import { productsOf, redact } from "../../src/audit/user-agent.ts";

const docker =
  "docker/28.1.1 go/go1.23.8 git-commit/01f442b kernel/6.8.0 os/linux arch/amd64 UpstreamClient(Docker-Client/28.1.1 \\(linux\\))";

test.each([
  [docker, "docker/28.1.1 go/go1.23.8 git-commit/01f442b kernel/6.8.0 os/linux arch/amd64"],
  ["google-cloud-sdk gcloud/550.0.0 command/gcloud.auth", "gcloud/550.0.0 command/gcloud.auth"],
  ["Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "Mozilla/5.0 Chrome/140.0"],
  ["curl/8.5 hunter2", "curl/8.5"],
  ["curl/wba_eyJhbGciOiJFZERTQSIsImtpZCI6ImZl", ""],
  ["a/eyJhbGciOiJFZERTQSI", "a/[redacted]"],
  ["\u0007\u001b[31m", ""],
  ["", ""],
])("of the User-Agent %j is kept %j", (header, kept) => {
  expect(productsOf(header)).toBe(kept);
});

test("a text loses what looks like a secret, and nothing else", () => {
  const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
  for (const secret of [
    jwt,
    `wba_${jwt}`,
    `wbr_${jwt}`,
    "ya29.a0AfH6SMBx-1234567890",
    "-----BEGIN PRIVATE KEY-----\nMIIE",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj",
  ]) {
    expect(redact(`shop/${secret} and more`)).toStartWith("shop/[redacted]");
  }
  const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
  const pool = "projects/459004538657/locations/global/workloadIdentityPools/ci-pool/providers/github";
  for (const text of [digest, pool, "shop/app", "projects/my-project/roles/web", "v1.2.3-eyJ"])
    expect(redact(text)).toBe(text);
});
