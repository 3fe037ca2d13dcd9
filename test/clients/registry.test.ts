import { afterAll, beforeAll, expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { blob, descriptor, digestOf, jsonBytes, MEDIA_TYPE, makeImage } from "./image.ts";
import { buildah, checkClient, docker, podman, skopeo } from "./image-client.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkClientAs, compare, keyOf, mustRefuse, pushAs } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

const REAL_CLIENTS = [docker(), podman, skopeo, buildah];

/** A home in which this client is logged in as the account that may write. */
async function enterAs(client = docker()): Promise<Sandbox> {
  const sandbox = await world.enter();
  const credentials = { username: "_json_key", password: await keyOf(world.writer) };
  await client.login(sandbox, world.server.host, credentials);
  return sandbox;
}

function named(name: string): string {
  return `${world.server.host}/${PROJECT}/${name}`;
}

for (const client of [...REAL_CLIENTS, checkClient]) {
  clientTest(`${client.name} pulls by digest`, client.needs, async () => {
    const image = makeImage();
    await pushAs(world.writer, world, named("by-digest:1"), image);
    await using sandbox = await enterAs(client);
    expect(await client.pull(sandbox, named(`by-digest@${image.manifest.digest}`))).toBe(image.id);
    await mustRefuse(
      () => client.pull(sandbox, named(`by-digest@${digestOf(new Uint8Array())}`)),
      /unknown|not found/i,
    );
  });
}

for (const pusher of REAL_CLIENTS) {
  const needs = [...new Set(REAL_CLIENTS.flatMap((client) => client.needs))];
  clientTest(`what ${pusher.name} pushes every other client pulls`, needs, async () => {
    const image = makeImage();
    const reference = named(`from-${pusher.name}:1`);
    await using sandbox = await enterAs(pusher);
    await pusher.load(sandbox, image, reference);
    await pusher.push(sandbox, reference);
    for (const puller of [...REAL_CLIENTS, checkClient]) {
      await using home = await enterAs(puller);
      expect(await puller.pull(home, reference)).toBe(image.id);
    }
  });
}

clientTest("docker mounts layers from another repository instead of sending them again", docker().needs, async () => {
  await using sandbox = await enterAs();
  const image = makeImage();
  await docker().load(sandbox, image, named("mounted-from:1"));
  await docker().push(sandbox, named("mounted-from:1"));
  await sandbox.succeed(["docker", "tag", named("mounted-from:1"), named("mounted-to:1")]);
  const output = await sandbox.succeed(["docker", "push", named("mounted-to:1")]);
  expect(output.match(/Mounted from demo-project\/mounted-from/g)).toHaveLength(image.layers.length);
  await compare(world, named("mounted-to:1"), image);
});

clientTest("podman pushes a manifest list and pulls the image of this machine out of it", podman.needs, async () => {
  await using sandbox = await enterAs(podman);
  const here = makeImage();
  const elsewhere = makeImage({ architecture: "s390x", largeLayerBytes: 1000 });
  await pushAs(world.writer, world, named("list:here"), here);
  await pushAs(world.writer, world, named("list:elsewhere"), elsewhere);
  await sandbox.succeed(["podman", "manifest", "create", "list"]);
  for (const tag of ["here", "elsewhere"]) {
    await sandbox.succeed([
      "podman",
      "manifest",
      "add",
      "--tls-verify=false",
      "list",
      `docker://${named(`list:${tag}`)}`,
    ]);
  }
  const push = ["podman", "manifest", "push", "--all", "--tls-verify=false", "list", `docker://${named("list:all")}`];
  await sandbox.succeed(push);
  const { bytes } = await (await checkClientAs(world.writer, world)).manifest(`${PROJECT}/list`, "all");
  const list = JSON.parse(new TextDecoder().decode(bytes)) as { manifests: { digest: string }[] };
  expect(list.manifests.map(({ digest }) => digest)).toEqual([here.manifest.digest, elsewhere.manifest.digest]);
  expect(await podman.pull(sandbox, named("list:all"))).toBe(here.id);
});

for (const client of REAL_CLIENTS) {
  clientTest(`${client.name} finds its own architecture in an index`, client.needs, async () => {
    const [here, elsewhere] = [makeImage(), makeImage({ architecture: "s390x", largeLayerBytes: 1000 })];
    await pushAs(world.writer, world, named("index:here"), here);
    await pushAs(world.writer, world, named("index:elsewhere"), elsewhere);
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const entry = (image: typeof here, name: string) => ({
      ...descriptor(MEDIA_TYPE.manifest, image.manifest),
      platform: { os: "linux", architecture: name },
    });
    const manifests = [entry(elsewhere, "s390x"), entry(here, architecture)];
    const index = blob(jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
    const writer = await checkClientAs(world.writer, world);
    await writer.pushManifest(`${PROJECT}/index`, "all", index, MEDIA_TYPE.index);
    await using sandbox = await enterAs(client);
    expect(await client.pull(sandbox, named("index:all"))).toBe(here.id);
  });
}

clientTest("skopeo deletes an image, and nobody finds it any more", skopeo.needs, async () => {
  await using sandbox = await enterAs(skopeo);
  await pushAs(world.writer, world, named("deleted:1"), makeImage({ largeLayerBytes: 1000 }));
  await sandbox.succeed(["skopeo", "delete", "--tls-verify=false", `docker://${named("deleted:1")}`]);
  await mustRefuse(() => skopeo.pull(sandbox, named("deleted:1")), /unknown|not found/i);
});

clientTest("skopeo copies an image within the registry and lists its tags", skopeo.needs, async () => {
  await using sandbox = await enterAs(skopeo);
  const image = makeImage();
  await pushAs(world.writer, world, named("copied-from:1"), image);
  const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  const [from, to] = [`docker://${named("copied-from:1")}`, `docker://${named("copied-to:first")}`];
  await sandbox.succeed(["skopeo", "copy", ...insecure, from, to]);
  await sandbox.succeed(["skopeo", "copy", ...insecure, from, `docker://${named("copied-to:second")}`]);
  const answer = await sandbox.succeed(["skopeo", "list-tags", "--tls-verify=false", `docker://${named("copied-to")}`]);
  expect(JSON.parse(answer).Tags).toEqual(["first", "second"]);
  await compare(world, named("copied-to:second"), image);
});

clientTest("the same image comes out of buildah as went in, also when buildah made it", buildah.needs, async () => {
  await using sandbox = await enterAs(buildah);
  await Bun.write(sandbox.path("file"), crypto.randomUUID());
  const container = await sandbox.succeed(["buildah", "from", "scratch"]);
  await sandbox.succeed(["buildah", "copy", container, sandbox.path("file"), "/file"]);
  const id = await sandbox.succeed(["buildah", "commit", "--quiet", container, named("built:1")]);
  await sandbox.succeed(["buildah", "rm", container]);
  await buildah.push(sandbox, named("built:1"));
  expect(await buildah.pull(sandbox, named("built:1"))).toBe(`sha256:${id}`);
});

clientTest("docker builds on a private image and pushes the result", docker().needs, async () => {
  await using sandbox = await enterAs();
  await pushAs(world.writer, world, named("base:1"), makeImage());
  await Bun.write(sandbox.path("context/Dockerfile"), `FROM ${named("base:1")}\nCOPY file /file\n`);
  await Bun.write(sandbox.path("context/file"), crypto.randomUUID());
  // The classic builder is in every engine; buildx is a program of its own that may be missing.
  const env = { DOCKER_BUILDKIT: "0" };
  await sandbox.succeed(["docker", "build", "--network=none", "--tag", named("derived:1"), sandbox.path("context")], {
    env,
  });
  await docker().push(sandbox, named("derived:1"));
  const { id } = await (await checkClientAs(world.writer, world)).pull(`${PROJECT}/derived`, "1");
  expect(await docker().pull(sandbox, named("derived:1"))).toBe(id);
});
