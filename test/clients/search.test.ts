/** `docker search` and `podman search`, and images of a domain's projects: names as real clients write and find them. */
import { afterAll, beforeAll, expect } from "bun:test";
import type { Credentials } from "./check-client.ts";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { buildah, checkClient, docker, podman, skopeo } from "./image-client.ts";
import { keyOf, mustRefuse, pushAs } from "./ways.ts";
import { type Account, createWorld, PROJECT, type World } from "./world.ts";

const DOMAIN_PROJECT = "example.com:team";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.server.administer("projects", "create", DOMAIN_PROJECT);
  const binding = [`--member=serviceAccount:${world.writer.email}`, "--role=roles/storage.admin"];
  await world.server.administer("projects", "add-iam-policy-binding", DOMAIN_PROJECT, ...binding);
  for (const name of [`${PROJECT}/web-shop`, `${PROJECT}/tools/web`, `${PROJECT}/other`, "example.com/team/web"])
    await pushAs(world.writer, world, `${world.server.host}/${name}:1`, makeImage({ largeLayerBytes: 1000 }));
}, 90_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

async function credentialsOf(account: Account): Promise<Credentials> {
  return { username: "_json_key", password: await keyOf(account) };
}

clientTest("docker search finds what its account may list, and nothing else", docker().needs, async () => {
  await using sandbox = await world.enter();
  const { host } = world.server;
  const search = async (term: string) => {
    const lines = (await sandbox.succeed(["docker", "search", "--format", "{{.Name}}", `${host}/${term}`])).split("\n");
    return lines.filter((line) => line !== "").sort();
  };
  await docker().login(sandbox, host, await credentialsOf(world.writer));
  expect(await search("web")).toEqual([`${PROJECT}/tools/web`, `${PROJECT}/web-shop`, "example.com/team/web"]);
  expect(await search("web-")).toEqual([`${PROJECT}/web-shop`]);
  expect(await search("absent")).toEqual([]);
  await docker().login(sandbox, host, await credentialsOf(world.reader));
  expect(await search("web")).toEqual([`${PROJECT}/tools/web`, `${PROJECT}/web-shop`]);
  await sandbox.succeed(["docker", "logout", host]);
  await mustRefuse(() => search("web"), /401|unauthorized|authentication/i);
});

clientTest("podman search finds the same, by way of the catalog, and lists tags", podman.needs, async () => {
  await using sandbox = await world.enter();
  const { host } = world.server;
  const search = ["podman", "search", "--tls-verify=false"];
  const find = async (term: string) =>
    (await sandbox.succeed([...search, "--format", "{{.Name}}", `${host}/${term}`])).split("\n").sort();
  await podman.login(sandbox, host, await credentialsOf(world.writer));
  const names = [`${PROJECT}/tools/web`, `${PROJECT}/web-shop`, "example.com/team/web"];
  expect(await find("web")).toEqual(names.map((name) => `${host}/${name}`));
  const listed = [...search, "--list-tags", `${host}/${PROJECT}/web-shop`];
  expect(await sandbox.succeed(listed)).toMatch(/web-shop +1$/);
  await podman.login(sandbox, host, await credentialsOf(world.reader));
  expect(await find("web")).toEqual(names.slice(0, 2).map((name) => `${host}/${name}`));
});

for (const client of [docker(), podman, skopeo, buildah, checkClient]) {
  clientTest(`${client.name} pushes to a domain's project, and pulls by tag and by digest`, client.needs, async () => {
    await using sandbox = await world.enter();
    const image = makeImage();
    const name = `${world.server.host}/example.com/team/app-${client.name.replace(" ", "-")}`;
    await client.login(sandbox, world.server.host, await credentialsOf(world.writer));
    await client.load(sandbox, image, `${name}:1`);
    await client.push(sandbox, `${name}:1`);
    expect(await client.pull(sandbox, `${name}:1`)).toBe(image.id);
    await pushAs(world.writer, world, `${name}:2`, image);
    expect(await client.pull(sandbox, `${name}@${image.manifest.digest}`)).toBe(image.id);
  });
}
