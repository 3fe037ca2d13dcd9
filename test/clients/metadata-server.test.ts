/**
 * Real clients with an identity and no key: from `waybill metadata-server`, for the instance account of
 * `projects create --default-accounts`. That account is an editor; what it can do is up to the scopes of its machine.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { fileURLToPath } from "node:url";
import { clientTest } from "./client-test.ts";
import { setHelper } from "./docker-configuration.ts";
import { gcloudIn } from "./gcloud.ts";
import { googleAuthPython } from "./google-auth-python.ts";
import { makeImage } from "./image.ts";
import { docker, type ImageClient, plainHttp, podman } from "./image-client.ts";
import { type MetadataServer, metadataEnvironment, startMetadataServer } from "./metadata-server.ts";
import { Sandbox } from "./sandbox.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

const INSTANCES = "instances";
const email = `instance@${INSTANCES}.iam.waybill.internal`;
const pullScope = "https://www.googleapis.com/auth/devstorage.read_only";

let world: World;
/** Two machines with one account: the second one's operator widened its scopes. */
let narrow: MetadataServer;
let wide: MetadataServer;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  world = stack.use(await createWorld());
  await world.server.administer("projects", "create", INSTANCES, "--default-accounts");
  const operator = [`--key-file=${world.server.path("admin.json")}`, `--service-account=${email}`];
  narrow = stack.use(await startMetadataServer(operator));
  wide = stack.use(await startMetadataServer([...operator, "--scopes=devstorage.read_write"]));
}, 120_000);
afterAll(() => stack.disposeAsync(), 60_000);

/** Whether the server takes a token as the instance's, whatever it may do with it. */
async function whose(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return await (await fetch(`${world.server.origin}/v1/projects/${INSTANCES}`, { headers })).text();
}

describe("an identity without a key", () => {
  clientTest("is what the real gcloud finds by the address alone", ["gcloud"], async () => {
    await using gcloud = await gcloudIn(metadataEnvironment(narrow));
    expect(await gcloud.json("auth", "list")).toEqual([{ account: email, status: "ACTIVE" }]);
    expect(await gcloud.succeed("config", "get", "project")).toBe(INSTANCES);
    const refusal = await whose(await gcloud.succeed("auth", "print-access-token"));
    expect(refusal).toContain(`serviceAccount:${email}`);
    expect(refusal).toContain("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
    const identity = await gcloud.succeed("auth", "print-identity-token", "--audiences=https://run.test");
    const claims = JSON.parse(Buffer.from(identity.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ aud: "https://run.test", email });
  });

  clientTest("is what Node's google-auth-library finds", [], async () => {
    await using sandbox = await Sandbox.create({ env: metadataEnvironment(narrow) });
    const script = fileURLToPath(new URL("google-auth-library.mjs", import.meta.url));
    const node = Bun.which("node") ?? process.execPath;
    const { token, project, claims, refused } = JSON.parse(await sandbox.succeed([node, script, pullScope]));
    expect(await whose(token)).toContain(`serviceAccount:${email}`);
    expect(project).toBe(INSTANCES);
    expect(claims).toMatchObject({ aud: "https://run.test", email });
    expect(refused).toContain("was not given");
  });

  clientTest("is what Python's google-auth finds", ["python with google-auth"], async () => {
    await using sandbox = await Sandbox.create({ env: metadataEnvironment(narrow) });
    const script = fileURLToPath(new URL("google-auth.py", import.meta.url));
    const found = JSON.parse(await sandbox.succeed([googleAuthPython() ?? "", script]));
    expect(await whose(found.token)).toContain(`serviceAccount:${email}`);
    expect(found).toMatchObject({ project: INSTANCES, email, audience: "https://run.test" });
  });
});

/** The lines of two listeners come one after the other. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(20);
}

/** Puts an image where the instance account may reach it. */
async function publish(name: string) {
  const image = makeImage({ largeLayerBytes: 1000 });
  const reference = `${world.server.host}/${INSTANCES}/${name}:1`;
  await using sandbox = await world.enter();
  await sandbox.succeed([
    "waybill",
    "auth",
    "activate-service-account",
    "--push",
    `--key-file=${world.server.path("admin.json")}`,
  ]);
  await setHelper(sandbox, world.server.host, "waybill");
  await podman.load(sandbox, image, reference);
  await podman.push(sandbox, reference);
  return { image, reference };
}

/** A machine with docker's configuration, a credential helper, and no credential. */
async function machine(metadata: MetadataServer, helper: string, push: boolean): Promise<Sandbox> {
  const sandbox = await world.enter();
  Object.assign(sandbox.env, metadataEnvironment(metadata));
  await setHelper(sandbox, world.server.host, helper);
  if (helper !== "waybill") return sandbox;
  await sandbox.succeed(["waybill", "config", "set", "google-hosts", world.server.host]);
  if (push) await sandbox.succeed(["waybill", "config", "set", "push", "true", `--host=${world.server.host}`]);
  return sandbox;
}

async function pullsAndDoesNotPush(client: ImageClient, helper: string) {
  const { image, reference } = await publish(`${client.name}-${helper}`);
  await using sandbox = await machine(narrow, helper, false);
  expect(await client.pull(sandbox, reference)).toBe(image.id);
  const pushed = reference.replace(/:1$/, ":2");
  await client.load(sandbox, image, pushed);
  await expect(client.push(sandbox, pushed)).rejects.toThrow(/scope|denied|insufficient/i);
  await using other = await machine(wide, helper, true);
  await client.load(other, image, pushed);
  await client.push(other, pushed);
  expect(await client.pull(other, pushed)).toBe(image.id);
  const found = await Promise.all([sandbox, other].map(({ folder }) => holds(folder, "PRIVATE KEY")));
  expect(found).toEqual([false, false]);
}

async function holds(folder: string, text: string): Promise<boolean> {
  return (await Bun.$`grep -rqs ${text} ${folder}/home ${folder}/gcloud`.nothrow().quiet()).exitCode === 0;
}

describe("an editor whose machine has the scope to pull pulls, and does not push until its operator widens it", () => {
  for (const client of [docker(), podman]) {
    const both = [...client.needs, "gcloud", ...podman.needs] as const;
    clientTest(`${client.name} through docker-credential-gcloud`, [...new Set(both)], () =>
      pullsAndDoesNotPush(client, "gcloud"),
    );
    clientTest(
      `${client.name} through docker-credential-waybill`,
      [...new Set([...client.needs, ...podman.needs])],
      () => pullsAndDoesNotPush(client, "waybill"),
    );
  }

  clientTest("a container runtime pulls with what the kubelet's plugin gives it", podman.needs, async () => {
    const { image, reference } = await publish("kubelet");
    await using sandbox = await machine(narrow, "waybill", false);
    await Bun.write(sandbox.path("home/.docker/config.json"), "{}");
    const request = {
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      kind: "CredentialProviderRequest",
      image: reference,
    };
    const plugin = ["waybill", "kubelet-credential-provider"];
    const answer = JSON.parse(await sandbox.succeed(plugin, { input: JSON.stringify(request) }));
    const { username, password } = answer.auth[world.server.host];
    await sandbox.succeed(["podman", "pull", ...plainHttp(reference), `--creds=${username}:${password}`, reference]);
    const id = await sandbox.succeed(["podman", "image", "inspect", "--format", "{{.Id}}", reference]);
    expect(`sha256:${id}`).toBe(image.id);
  });
});

describe("an operator", () => {
  clientTest("needs no more than the role to impersonate the one account", [], async () => {
    const create = ["iam", "service-accounts", "create", "operator", `--project=${PROJECT}`, "--format=json"];
    const { email: operator } = JSON.parse(await world.server.administer(...create)) as { email: string };
    const keyFile = world.server.path("operator.json");
    await world.server.administer("iam", "service-accounts", "keys", "create", keyFile, `--iam-account=${operator}`);
    const flags = [`--key-file=${keyFile}`, `--service-account=${email}`];
    await expect(startMetadataServer(flags)).rejects.toThrow(/roles\/iam.serviceAccountTokenCreator/);
    const role = [`--member=serviceAccount:${operator}`, "--role=roles/iam.serviceAccountTokenCreator"];
    await world.server.administer("iam", "service-accounts", "add-iam-policy-binding", email, ...role);
    // Two networks, two listeners: this machine's own addresses stand for them.
    await using metadata = await startMetadataServer([...flags, "--listen=127.0.0.2:0"]);
    await until(async () => (await metadata.addresses()).length === 2);
    const [, second = ""] = await metadata.addresses();
    expect(second).toStartWith("127.0.0.2:");
    const path = "/computeMetadata/v1/instance/service-accounts/default/email";
    const ask = (name: string) =>
      fetch(`http://${second}${path}`, { headers: { "metadata-flavor": "Google", host: name } });
    expect(await (await ask(second)).text()).toBe(email);
    expect((await ask("rebound.test")).status).toBe(403);
    const url = `http://${metadata.address}/computeMetadata/v1/instance/service-accounts/default/token`;
    const answer = (await (await fetch(url, { headers: { "metadata-flavor": "Google" } })).json()) as {
      access_token: string;
    };
    expect(await whose(answer.access_token)).toContain(`serviceAccount:${email}`);
    // What was handed out ends with the account, and the machine has nothing else to offer.
    await world.server.administer("iam", "service-accounts", "disable", email);
    expect(await whose(answer.access_token)).toContain("ACCOUNT_STATE_INVALID");
    await world.server.administer("iam", "service-accounts", "enable", email);
    const log = await metadata.log();
    expect(log).toContain("127.0.0.1 GET /computeMetadata/v1/instance/service-accounts/default/token 200");
    expect(log).not.toContain(answer.access_token);
  });
});
