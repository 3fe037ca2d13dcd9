/** A token that is bound to a client's certificate, behind a real proxy that asks for it: real clients use it, a thief does not. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { freePort } from "../free-port.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { certificateRequest, makeCertificate } from "./certificate.ts";
import { clientTest } from "./client-test.ts";
import { makeImage, writeLayout } from "./image.ts";
import { Sandbox } from "./sandbox.ts";
import { executables } from "./waybill.ts";

const port = await freePort();
const host = `localhost:${port}`;
let stack: AsyncDisposableStack;
let sandbox: Sandbox;
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  sandbox = stack.use(await Sandbox.create());
}, 60_000);
afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

clientTest(
  "skopeo pushes and pulls with a token that is bound to its certificate, and a thief who copied the token does not",
  ["haproxy", "skopeo", "openssl"],
  async () => {
    const server = await makeCertificate(sandbox, ["localhost"]);
    for (const name of ["workload", "thief"]) await clientCertificate(name);
    const key = await startServer(server);
    const token = await boundToken(key, "workload");
    const layout = sandbox.path("layout");
    await writeLayout(makeImage({ largeLayerBytes: 10_000 }), layout, "v1");
    const copy = (from: string, to: string, folder: string) =>
      sandbox.run([
        "skopeo",
        "copy",
        `--dest-cert-dir=${sandbox.path(folder)}`,
        `--src-cert-dir=${sandbox.path(folder)}`,
        `--dest-creds=oauth2accesstoken:${token}`,
        `--src-creds=oauth2accesstoken:${token}`,
        from,
        to,
      ]);
    const image = `docker://${host}/bench/app:v1`;
    const pushed = await copy(`oci:${layout}:v1`, image, "workload");
    expect(pushed).toMatchObject({ exitCode: 0 });
    for (const folder of ["thief", "nobody"]) {
      const stolen = await copy(image, `oci:${sandbox.path(`stolen-${folder}`)}:v1`, folder);
      expect(stolen.exitCode).not.toBe(0);
      expect(stolen.stderr).toMatch(/unauthorized|401|invalid username\/password/i);
    }
    expect(await copy(image, `oci:${sandbox.path("pulled")}:v1`, "workload")).toMatchObject({ exitCode: 0 });
    // A thief who writes the header himself: the proxy takes it out.
    const text = readFileSync(sandbox.path("workload/client.cert"), "utf8");
    const der = text.replaceAll(/-----[^-]+-----|\s/g, "");
    const headers = [`Client-Cert: :${der}:`, `Authorization: Bearer ${token}`].flatMap((line) => ["--header", line]);
    const curl = (...more: string[]) =>
      sandbox.succeed([
        "curl",
        "--silent",
        "--cacert",
        sandbox.path("ca.pem"),
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
        ...headers,
        ...more,
        `https://${host}/v2/`,
      ]);
    const with_ = (name: string) => [
      "--cert",
      sandbox.path(name, "client.cert"),
      "--key",
      sandbox.path(name, "client.key"),
    ];
    expect(await curl()).toBe("401");
    expect(await curl(...with_("thief"))).toBe("401");
    expect(await curl(...with_("workload"))).toBe("200");
  },
);

/** A folder as skopeo and docker read one: the server's authority, and a certificate of one's own from it. */
async function clientCertificate(name: string): Promise<void> {
  const folder = sandbox.path(name);
  mkdirSync(folder);
  const signed = [
    "-CA",
    sandbox.path("ca.pem"),
    "-CAkey",
    sandbox.path("ca.key"),
    "-addext",
    "basicConstraints=CA:FALSE",
  ];
  const out = ["-keyout", join(folder, "client.key"), "-out", join(folder, "client.cert")];
  await sandbox.succeed([...certificateRequest, ...signed, "-subj", `/CN=${name}`, ...out]);
  for (const each of [folder, sandbox.path("nobody")])
    await Bun.write(join(each, "ca.crt"), Bun.file(sandbox.path("ca.pem")));
}

/** Our server behind HAProxy, as docs/workload-identity.md shows it. Answers the owner's key. */
async function startServer({ certificate, key }: { certificate: string; key: string }): Promise<KeyFile> {
  const program = join(await executables(), "waybill");
  const owner = sandbox.path("owner.json");
  const settings = ["--trusted-proxies=127.0.0.1/32", `--public-url=https://${host}`, "--client-certificates"];
  const serve = [program, "serve", "--listen=127.0.0.1:0", `--data=${sandbox.path("data")}`, `--admin-key=${owner}`];
  const { ready } = await sandbox.start("waybill", [...serve, ...settings], /^ready: (\S+)$/m);
  const pem = readFileSync(certificate, "utf8") + readFileSync(key, "utf8");
  await Bun.write(sandbox.path("proxy.pem"), pem);
  await Bun.write(
    sandbox.path("haproxy.cfg"),
    `defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend registry
  bind 127.0.0.1:${port} ssl crt ${sandbox.path("proxy.pem")} ca-file ${sandbox.path("ca.pem")} verify optional
  http-request del-header Client-Cert
  http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
  http-request set-header X-Forwarded-Proto https
  option forwardfor
  default_backend waybill
backend waybill
  server one ${new URL(ready[1] ?? "").host}
`,
  );
  await sandbox.start("haproxy", ["haproxy", "-db", "-f", sandbox.path("haproxy.cfg")], /^/);
  const file = JSON.parse(readFileSync(owner, "utf8")) as KeyFile;
  Object.assign(sandbox.env, { WAYBILL_SERVER: ready[1] ?? "", WAYBILL_KEY_FILE: owner });
  await sandbox.succeed([program, "projects", "create", "bench"]);
  return file;
}

async function boundToken(key: KeyFile, name: string): Promise<string> {
  const form = { grant_type: jwtBearer, assertion: assertionOf(key, Date.now()), bound_certificate: "true" };
  const fields = Object.entries(form).flatMap(([field, value]) => ["--data-urlencode", `${field}=${value}`]);
  const own = ["--cert", sandbox.path(name, "client.cert"), "--key", sandbox.path(name, "client.key")];
  // The proxy needs a moment until it listens.
  const patient = ["--retry", "20", "--retry-delay", "1", "--retry-connrefused"];
  const curl = ["curl", "--silent", "--show-error", ...patient, "--cacert", sandbox.path("ca.pem"), ...own, ...fields];
  const answer = JSON.parse(await sandbox.succeed([...curl, `https://${host}/token`])) as { access_token?: string };
  if (!answer.access_token) throw new Error(JSON.stringify(answer));
  return answer.access_token;
}
