import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { makeCertificate } from "../clients/certificate.ts";
import { Sandbox } from "../clients/sandbox.ts";
import { digestOf } from "../http/distribution/exchanges.ts";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";
import { startRecordingProxy } from "./recording-proxy.ts";
import { startServerOnS3 } from "./server-on-s3.ts";

setDefaultTimeout(180_000);

const missing = radosgwMissing() ?? (Bun.which("openssl") ? undefined : "skipped: needs openssl");
if (missing) console.error(`${missing}: S3 with a certificate of a private authority`);

describe.skipIf(missing !== undefined)(
  `S3 with a certificate of a private authority${missing ? ` (${missing})` : ""}`,
  () => {
    test("is trusted with NODE_EXTRA_CA_CERTS, and otherwise the server does not start", async () => {
      const { endpoint, env, bucket } = await sharedRadosgw();
      await using sandbox = await Sandbox.create();
      const { authority, certificate, key } = await makeCertificate(sandbox, ["localhost"]);
      await using proxy = startRecordingProxy(endpoint, { cert: Bun.file(certificate), key: Bun.file(key) });
      const blobs = `s3://${await bucket()}?endpoint=${proxy.endpoint}`;
      expect(proxy.endpoint).toStartWith("https://localhost:");
      const untrusted = startServerOnS3({ blobs, env });
      expect(untrusted).rejects.toThrow(/--blobs: .*certificate/);
      await untrusted.catch(() => {});
      const server = await startServerOnS3({ blobs, env: { ...env, NODE_EXTRA_CA_CERTS: authority } });
      const digest = digestOf("content");
      const post = { method: "POST", body: "content" };
      expect((await server.fetch(`/v2/my-project/image/blobs/uploads/?digest=${digest}`, post)).status).toBe(201);
      expect(await (await server.fetch(`/v2/my-project/image/blobs/${digest}`)).text()).toBe("content");
      await server.stop();
    });
  },
);
