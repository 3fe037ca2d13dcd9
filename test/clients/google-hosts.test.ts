/** The registry under the names of Google's: real clients cannot tell, and need no setting that a user of Google's does not have. */
import { afterAll, beforeAll, expect } from "bun:test";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { clientTest } from "./client-test.ts";
import { type Dockerd, startDockerd } from "./dockerd.ts";
import { makeImage } from "./image.ts";
import { docker, type ImageClient, podman, skopeo } from "./image-client.ts";
import { missing, type Need } from "./machine.ts";
import { createNamespace, type Namespace } from "./namespace.ts";
import { Sandbox } from "./sandbox.ts";
import { installWaybill, type Server, startServer } from "./waybill.ts";
import { type Account, createAccount, PROJECT } from "./world.ts";

const NEEDS: readonly Need[] = ["root", "namespaces", "openssl"];
const HOSTS = ["gcr.io", "eu.gcr.io"];

let stack: AsyncDisposableStack | undefined;
let namespace: Namespace;
let certificate: Certificate;
let dockerd: Dockerd | undefined;
let writer: Account;

beforeAll(async () => {
  if (missing(NEEDS).length > 0) return;
  stack = new AsyncDisposableStack();
  namespace = stack.use(await createNamespace("127.0.0.1", HOSTS));
  certificate = await makeCertificate(stack.use(await Sandbox.create()), HOSTS);
  writer = await prepare(stack.use(await startGoogleServer()));
  const env = { SSL_CERT_FILE: certificate.authority };
  const prefix = namespace.prefix;
  if (missing(docker().needs).length === 0) dockerd = stack.use(await startDockerd({ prefix, env }));
}, 60_000);
afterAll(() => stack?.disposeAsync(), 60_000);

function startGoogleServer(): Promise<Server> {
  const tls = ["--tls-cert", certificate.certificate, "--tls-key", certificate.key];
  return startServer({
    prefix: namespace.prefix,
    env: { NODE_EXTRA_CA_CERTS: certificate.authority }, // for the commands that set it up
    serve: ["--hosts", HOSTS.join(","), ...tls],
    listen: "127.0.0.1:443",
    reachedAs: "https://gcr.io",
  });
}

async function prepare(server: Server): Promise<Account> {
  await server.administer("projects", "create", PROJECT);
  return createAccount(server, "writer", "roles/storage.admin");
}

async function enter(): Promise<Sandbox> {
  const trust = { SSL_CERT_FILE: certificate.authority, NODE_EXTRA_CA_CERTS: certificate.authority };
  const engine = dockerd ? { DOCKER_HOST: dockerd.host } : {};
  const sandbox = await Sandbox.create({ prefix: namespace.prefix, env: { ...trust, ...engine } });
  await installWaybill(sandbox);
  return sandbox;
}

/** Two different images under one name, PROJECT/IMAGE:TAG, at two hosts. */
async function keepApart(client: ImageClient, sandbox: Sandbox, image: string): Promise<void> {
  const [here, there] = [makeImage(), makeImage()];
  for (const [host, content] of [["gcr.io", here] as const, ["eu.gcr.io", there] as const]) {
    const reference = `${host}/${PROJECT}/${image}:1`;
    await client.load(sandbox, content, reference);
    await client.push(sandbox, reference);
  }
  expect(await client.pull(sandbox, `gcr.io/${PROJECT}/${image}:1`)).toBe(here.id);
  expect(await client.pull(sandbox, `eu.gcr.io/${PROJECT}/${image}:1`)).toBe(there.id);
}

for (const client of [skopeo, docker(), podman]) {
  const needs = [...new Set([...NEEDS, ...client.needs])];
  const slug = client.name;

  clientTest(`${client.name} finds different images under one name at gcr.io and eu.gcr.io`, needs, async () => {
    await using sandbox = await enter();
    const password = await Bun.file(writer.keyFile).text();
    for (const host of HOSTS) await client.login(sandbox, host, { username: "_json_key", password });
    await keepApart(client, sandbox, `by-key-${slug}`);
  });

  clientTest(`${client.name} with docker-credential-gcloud as it comes`, [...needs, "gcloud"], async () => {
    await using sandbox = await enter();
    sandbox.env.CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE = certificate.authority;
    await sandbox.succeed(["gcloud", "auth", "activate-service-account", `--key-file=${writer.keyFile}`]);
    await sandbox.succeed(["gcloud", "auth", "configure-docker", HOSTS.join(",")]);
    await keepApart(client, sandbox, `by-gcloud-${slug}`);
  });

  clientTest(`${client.name} with waybill auth configure-docker`, needs, async () => {
    await using sandbox = await enter();
    await sandbox.succeed(["waybill", "auth", "activate-service-account", "--push", `--key-file=${writer.keyFile}`]);
    await sandbox.succeed(["waybill", "auth", "configure-docker", HOSTS.join(",")]);
    await keepApart(client, sandbox, `by-waybill-${slug}`);
  });
}

/** A home that is set up for gcr.io, with an image there. */
async function enterWithImage(image: string): Promise<{ sandbox: Sandbox; reference: string }> {
  const sandbox = await enter();
  await sandbox.succeed(["waybill", "auth", "activate-service-account", "--push", `--key-file=${writer.keyFile}`]);
  await sandbox.succeed(["waybill", "auth", "configure-docker", "gcr.io"]);
  const reference = `gcr.io/${PROJECT}/${image}:1`;
  await skopeo.load(sandbox, makeImage(), reference);
  await skopeo.push(sandbox, reference);
  return { sandbox, reference };
}

clientTest(
  "waybill doctor finds every link whole at gcr.io, and the one that is not",
  [...NEEDS, ...skopeo.needs],
  async () => {
    const { sandbox, reference } = await enterWithImage("examined");
    await using _ = sandbox;
    const report = JSON.parse(await sandbox.succeed(["waybill", "doctor", "--push", "--format=json", reference]));
    expect(report.links.filter(({ status }: { status: string }) => status !== "ok")).toEqual([]);
    const env = { SSL_CERT_FILE: "", NODE_EXTRA_CA_CERTS: "" };
    const said = await sandbox.fail(["waybill", "doctor", reference], { env });
    expect(said).toMatch(/✗ connection .*certificate/);
  },
);

for (const { name, needs, command } of [
  { name: "skopeo", needs: skopeo.needs, command: (image: string) => ["skopeo", "inspect", `docker://${image}`] },
  { name: "docker", needs: docker().needs, command: (image: string) => ["docker", "pull", image] },
])
  clientTest(
    `waybill trace records what ${name} says to gcr.io inside TLS, and replays it as a test`,
    [...new Set([...NEEDS, ...skopeo.needs, ...needs])],
    async () => {
      const { sandbox, reference } = await enterWithImage(`traced-${name}`);
      await using _ = sandbox;
      const file = sandbox.path("trace.json");
      const { stderr, exitCode } = await sandbox.run([
        "waybill",
        "trace",
        `--output=${file}`,
        "--",
        ...command(reference),
      ]);
      expect(exitCode, stderr).toBe(0);
      const { exchanges } = await Bun.file(file).json();
      for (const { url } of exchanges) expect(url).toStartWith("https://gcr.io/v2/");
      expect(exchanges.map(({ status }: { status: number }) => status)).toContain(401);
      expect(await Bun.file(file).text()).not.toMatch(/eyJ|PRIVATE KEY/);
      const replay = ["waybill", "trace", "replay", file, "--server=https://gcr.io"];
      expect(await sandbox.succeed(replay)).not.toMatch(/^[✗-]/m);
      await sandbox.succeed(["waybill", "container", "images", "delete", "--quiet", "--force-delete-tags", reference]);
      expect(await sandbox.fail(replay)).toContain("status 404, was 200");
    },
  );

clientTest("a client that does not trust our authority does not connect", [...NEEDS, ...skopeo.needs], async () => {
  await using sandbox = await enter();
  const env = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: sandbox.path("tmp") };
  const said = await sandbox.fail(["skopeo", "inspect", `docker://gcr.io/${PROJECT}/any:1`], { env });
  expect(said).toContain("certificate");
});
