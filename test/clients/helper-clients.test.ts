// The real clients through the helper, under its own name and under docker-credential-gcr's.
import { afterAll, beforeAll, expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { setHelper } from "./docker-configuration.ts";
import { installAs, said } from "./helper-states.ts";
import { makeImage } from "./image.ts";
import { buildah, docker, type ImageClient, plainHttp, podman, skopeo } from "./image-client.ts";
import type { Sandbox } from "./sandbox.ts";
import { compare, pushAs } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

const named = (name: string) => `${world.server.host}/${PROJECT}/${name}`;
const activate = (sandbox: Sandbox) =>
  sandbox.succeed(["waybill", "auth", "activate-service-account", "--push", `--key-file=${world.writer.keyFile}`]);

async function enter(helper = "waybill"): Promise<Sandbox> {
  const sandbox = await world.enter();
  await activate(sandbox);
  if (helper !== "waybill") await installAs(sandbox, `docker-credential-${helper}`);
  await setHelper(sandbox, world.server.host, helper);
  return sandbox;
}

async function pushAndPull(client: ImageClient, sandbox: Sandbox, reference: string): Promise<void> {
  const image = makeImage({ largeLayerBytes: 1000 });
  await client.load(sandbox, image, reference);
  await client.push(sandbox, reference);
  await compare(world, reference, image);
  expect(await client.pull(sandbox, reference)).toBe(image.id);
}

for (const client of [docker(), podman, skopeo, buildah])
  for (const helper of ["gcr", "gcloud"])
    clientTest(
      `${client.name} pushes and pulls through docker-credential-${helper}, which is ours`,
      client.needs,
      async () => {
        await using sandbox = await enter(helper);
        await pushAndPull(client, sandbox, named(`${client.name}-through-${helper}:1`));
      },
    );

for (const client of [podman, buildah])
  clientTest(`${client.name} is configured by configure-docker --for=podman alone`, client.needs, async () => {
    await using sandbox = await world.enter();
    await activate(sandbox);
    await sandbox.succeed(["waybill", "auth", "configure-docker", "--for=podman", world.server.host]);
    await pushAndPull(client, sandbox, named(`${client.name}-configured:1`));
  });

clientTest(
  "podman asks the helper that registries.conf names about hosts that are in no other file",
  podman.needs,
  async () => {
    await using sandbox = await world.enter();
    await activate(sandbox);
    await sandbox.succeed(["waybill", "auth", "configure-docker", "--for=podman", "unused.gcr.io"]);
    await pushAndPull(podman, sandbox, named("podman-by-registries-conf:1"));
  },
);

clientTest("docker login with a password succeeds, and says whose token it will be", ["docker"], async () => {
  for (const helper of ["waybill", "gcr"]) {
    await using sandbox = await enter(helper);
    const password = await sandbox.succeed(["waybill", "auth", "print-access-token"]);
    const login = ["docker", "login", "-u", "oauth2accesstoken", "--password-stdin", world.server.host];
    const outcome = await sandbox.run(login, { input: password });
    expect(outcome.exitCode, said(outcome)).toBe(0);
    expect(outcome.stderr).toContain(`${world.server.host} is used as ${world.writer.email}`);
    expect(await Bun.file(sandbox.path("home/.docker/config.json")).text()).not.toContain(password);
  }
});

clientTest("docker login without a user stores our own token again, in silence", ["docker"], async () => {
  for (const helper of ["waybill", "gcr"]) {
    await using sandbox = await enter(helper);
    const outcome = await sandbox.run(["docker", "login", world.server.host]);
    expect(outcome.exitCode, said(outcome)).toBe(0);
    expect(said(outcome)).not.toContain("waybill:");
    const logout = await sandbox.run(["docker", "logout", world.server.host]);
    expect(logout.exitCode, said(logout)).toBe(0);
  }
});

clientTest("podman login shows who the helper is, and podman logout does not crash", podman.needs, async () => {
  await using sandbox = await enter("gcr");
  const file = ["--authfile", sandbox.path("home/.docker/config.json")];
  expect(await sandbox.succeed(["podman", "login", ...file, "--get-login", world.server.host])).toMatch(
    /^_dcgcr_[0-9_]+_token$/,
  );
  const outcome = await sandbox.run(["podman", "logout", ...file, world.server.host]);
  expect(outcome.exitCode, said(outcome)).toBe(0);
});

clientTest("docker create takes a private image", docker().needs, async () => {
  await using sandbox = await enter();
  await pushAs(world.writer, world, named("created:1"), makeImage({ largeLayerBytes: 1000 }));
  const id = await sandbox.succeed(["docker", "create", "--network=none", named("created:1"), "/none"]);
  await sandbox.succeed(["docker", "rm", id]);
});

clientTest(
  "the classic docker build takes a private image, with every host of Google's configured",
  docker().needs,
  async () => {
    await using sandbox = await enter();
    await sandbox.succeed([
      "waybill",
      "auth",
      "configure-docker",
      "-q",
      "--include-artifact-registry",
      world.server.host,
    ]);
    await pushAs(world.writer, world, named("base:1"), makeImage({ largeLayerBytes: 1000 }));
    await Bun.write(sandbox.path("context/Dockerfile"), `FROM ${named("base:1")}\nLABEL made=here\n`);
    const build = ["docker", "build", "--network=none", "--tag", named("built:1"), sandbox.path("context")];
    await sandbox.succeed(build, { env: { DOCKER_BUILDKIT: "0" } });
    await docker().push(sandbox, named("built:1"));
  },
);

clientTest("buildah builds on a private image", buildah.needs, async () => {
  await using sandbox = await enter();
  await pushAs(world.writer, world, named("buildah-base:1"), makeImage({ largeLayerBytes: 1000 }));
  await Bun.write(sandbox.path("context/Dockerfile"), `FROM ${named("buildah-base:1")}\nLABEL made=here\n`);
  await sandbox.succeed(["buildah", "bud", ...plainHttp(world.server.host), "--network=none", sandbox.path("context")]);
});
