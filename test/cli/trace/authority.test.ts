import { afterAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { ThrowAwayAuthority } from "../../../src/cli/trace/authority.ts";

const authority = new ThrowAwayAuthority(Date.now());
const servers: Bun.Server<undefined>[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(true))));

function serve(name: string): number {
  const { certificate, privateKey } = authority.issue(name);
  const tls = { cert: certificate, key: privateKey };
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("ok") });
  servers.push(server);
  return server.port as number;
}

for (const name of ["localhost", "127.0.0.1"])
  test(`a client that trusts the authority believes its certificate for ${name}, and nobody else does`, async () => {
    const port = serve(name);
    const answer = await fetch(`https://${name}:${port}/`, { tls: { ca: authority.certificate } });
    expect(await answer.text()).toBe("ok");
    const stranger = new ThrowAwayAuthority(Date.now()).certificate;
    expect(fetch(`https://${name}:${port}/`, { tls: { ca: stranger } })).rejects.toThrow();
    const other = name === "localhost" ? "127.0.0.1" : "localhost";
    expect(fetch(`https://${other}:${port}/`, { tls: { ca: authority.certificate } })).rejects.toThrow();
  });

test("the certificates read as what they are, also for a long name and IPv6", () => {
  const own = new X509Certificate(authority.certificate);
  expect(own.ca).toBe(true);
  expect(own.verify(own.publicKey)).toBe(true);
  for (const host of [`${"a".repeat(60)}.${"b".repeat(60)}.example.com`, "::1", "2001:db8::7:8"]) {
    const issued = new X509Certificate(authority.issue(host).certificate);
    expect(issued.ca).toBe(false);
    expect(issued.verify(own.publicKey)).toBe(true);
    expect(host.includes(":") ? issued.checkIP(host) : issued.checkHost(host)).toBe(host);
    expect(Date.parse(issued.validTo) - Date.now()).toBeLessThanOrEqual(24 * 3600 * 1000);
  }
});

test("openssl agrees, where there is one", async () => {
  if (!Bun.which("openssl")) return console.warn("skipped: needs openssl");
  const folder = (await Bun.$`mktemp -d`.text()).trim();
  await Bun.write(`${folder}/ca.pem`, authority.certificate);
  await Bun.write(`${folder}/leaf.pem`, authority.issue("gcr.io").certificate);
  const verify = Bun.$`openssl verify -x509_strict -purpose sslserver -verify_hostname gcr.io -CAfile ${folder}/ca.pem ${folder}/leaf.pem`;
  expect(await verify.nothrow().text()).toContain("leaf.pem");
  await Bun.$`rm -r ${folder}`;
});
