/** The real `gcloud container images` against our server under Google's name, and ours beside it: they tell the same. */
import { afterAll, beforeAll, expect } from "bun:test";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { clientTest } from "./client-test.ts";
import { makeImage, type TestImage, writeLayout } from "./image.ts";
import { missing, type Need } from "./machine.ts";
import { createNamespace, type Namespace } from "./namespace.ts";
import { Sandbox } from "./sandbox.ts";
import { installWaybill, startServer } from "./waybill.ts";
import { type Account, createAccount, PROJECT } from "./world.ts";

const NEEDS: readonly Need[] = ["root", "namespaces", "openssl", "gcloud", "skopeo"];
const HOST = "gcr.io";

let stack: AsyncDisposableStack | undefined;
let namespace: Namespace;
let certificate: Certificate;
let writer: Account;
let sandbox: Sandbox;

beforeAll(async () => {
  if (missing(NEEDS).length > 0) return;
  stack = new AsyncDisposableStack();
  namespace = stack.use(await createNamespace("127.0.0.1", [HOST]));
  certificate = await makeCertificate(stack.use(await Sandbox.create()), [HOST]);
  const server = stack.use(
    await startServer({
      prefix: namespace.prefix,
      env: { NODE_EXTRA_CA_CERTS: certificate.authority },
      serve: ["--hosts", HOST, "--tls-cert", certificate.certificate, "--tls-key", certificate.key],
      listen: "127.0.0.1:443",
      reachedAs: `https://${HOST}`,
    }),
  );
  await server.administer("projects", "create", PROJECT);
  writer = await createAccount(server, "writer", "roles/storage.admin");
  sandbox = stack.use(await enter());
}, 90_000);
afterAll(() => stack?.disposeAsync(), 60_000);

/** A home where gcloud and waybill both speak as the writer. */
async function enter(): Promise<Sandbox> {
  const env = {
    SSL_CERT_FILE: certificate.authority,
    NODE_EXTRA_CA_CERTS: certificate.authority,
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: certificate.authority,
    CLOUDSDK_CORE_PROJECT: PROJECT,
  };
  const home = await Sandbox.create({ prefix: namespace.prefix, env });
  await installWaybill(home);
  await home.succeed(["gcloud", "auth", "activate-service-account", `--key-file=${writer.keyFile}`]);
  await home.succeed(["waybill", "auth", "activate-service-account", "--push", `--key-file=${writer.keyFile}`]);
  await home.succeed(["waybill", "auth", "configure-docker", HOST]);
  return home;
}

const named = (name: string) => `${HOST}/${PROJECT}/${name}`;
const images = (program: "gcloud" | "waybill", ...words: string[]) =>
  sandbox.succeed([program, "container", "images", ...words]);
const json = async (program: "gcloud" | "waybill", ...words: string[]) =>
  JSON.parse(await images(program, ...words, "--format=json"));

async function push(image: TestImage, reference: string): Promise<void> {
  await writeLayout(image, sandbox.path("layout"));
  await sandbox.succeed(["skopeo", "copy", `oci:${sandbox.path("layout")}:latest`, `docker://${reference}`]);
}

clientTest("gcloud and waybill list a project's images, and the tags of one, alike", NEEDS, async () => {
  const [one, two] = [makeImage({ largeLayerBytes: 1000 }), makeImage({ largeLayerBytes: 1000 })];
  await push(one, `${named("listed")}:1`);
  await push(one, `${named("listed")}:also`);
  await push(two, `${named("listed")}:2`);
  await push(two, `${named("deep/er")}:1`);
  const list = ["list", `--repository=${HOST}/${PROJECT}`];
  expect(await json("waybill", ...list)).toEqual(await json("gcloud", ...list));
  const key = ({ digest, tags, timestamp }: { digest: string; tags: string[]; timestamp: { datetime: string } }) =>
    JSON.stringify([digest, tags, timestamp.datetime]);
  const tags = ["list-tags", named("listed")];
  const [theirs, ours] = [await json("gcloud", ...tags), await json("waybill", ...tags)];
  expect(ours.map(key).sort()).toEqual(theirs.map(key).sort());
  expect(await images("waybill", ...tags)).toMatch(/^DIGEST +TAGS +TIMESTAMP\n/);
  expect(await images("gcloud", ...tags)).toMatch(/^DIGEST +TAGS +TIMESTAMP\n/);
});

clientTest("gcloud and waybill describe an image alike", NEEDS, async () => {
  const image = makeImage({ largeLayerBytes: 1000 });
  await push(image, `${named("described")}:1`);
  const describe = ["describe", `${named("described")}:1`];
  const theirs = await json("gcloud", ...describe);
  expect((await json("waybill", ...describe)).image_summary).toMatchObject(theirs.image_summary);
  expect(theirs.image_summary.fully_qualified_digest).toBe(`${named("described")}@${image.manifest.digest}`);
});

clientTest(
  "gcloud adds a tag, takes it away and deletes an image, though none from under its tags",
  NEEDS,
  async () => {
    const image = makeImage({ largeLayerBytes: 1000 });
    await push(image, `${named("changed")}:1`);
    await images("gcloud", "add-tag", `${named("changed")}:1`, `${named("changed")}:2`, "--quiet");
    const tagsOf = async () => (await json("waybill", "list-tags", named("changed")))[0]?.tags;
    expect(await tagsOf()).toEqual(["1", "2"]);
    const remove = ["delete", `${named("changed")}@${image.manifest.digest}`, "--quiet"];
    expect(await sandbox.fail(["gcloud", "container", "images", ...remove])).toContain("force-delete-tags");
    expect(await sandbox.fail(["waybill", "container", "images", ...remove])).toContain("force-delete-tags");
    await images("gcloud", "untag", `${named("changed")}:1`, "--quiet");
    expect(await tagsOf()).toEqual(["2"]);
    await images("gcloud", ...remove, "--force-delete-tags");
    expect(await json("waybill", "list-tags", named("changed"))).toEqual([]);
  },
);
