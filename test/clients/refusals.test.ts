import { afterAll, beforeAll, expect } from "bun:test";
import { CheckClient } from "./check-client.ts";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { buildah, checkClient, docker, podman, skopeo } from "./image-client.ts";
import { mustRefuse, pushAs } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

for (const client of [docker(), podman, skopeo, buildah, checkClient]) {
  const place = () => `${world.server.host}/${PROJECT}/refused-${client.name.replace(" ", "-")}:1`;

  clientTest(`${client.name} without a credential may neither push nor pull`, client.needs, async () => {
    await using sandbox = await world.enter();
    const image = makeImage({ largeLayerBytes: 1000 });
    await client.load(sandbox, image, place());
    await mustRefuse(() => client.push(sandbox, place()), /unauthorized|denied|authentication is required/i);
    await pushAs(world.writer, world, place(), image);
    await mustRefuse(() => client.pull(sandbox, place()), /unauthorized|denied|authentication required/i);
  });

  if (client === checkClient) continue; // it logs in without asking the registry
  clientTest(`${client.name} is refused to log in with a password that is nobody's`, client.needs, async () => {
    await using sandbox = await world.enter();
    for (const username of ["oauth2accesstoken", "_json_key", "_json_key_base64", "somebody"]) {
      const login = () => client.login(sandbox, world.server.host, { username, password: "wrong" });
      await mustRefuse(login, /unauthorized|denied|invalid username\/password/i);
    }
  });
}

clientTest("a caller without a credential is told nothing about what exists", [], async () => {
  const there = `${world.server.host}/${PROJECT}/there:1`;
  await pushAs(world.writer, world, there, makeImage({ largeLayerBytes: 1000 }));
  const anonymous = new CheckClient(world.server.origin);
  const refusalOf = (repository: string) => anonymous.manifest(repository, "1").catch((error: Error) => error.message);
  const [known, unknown] = [await refusalOf(`${PROJECT}/there`), await refusalOf(`${PROJECT}/nowhere`)];
  expect(String(known).replaceAll("there", "nowhere")).toBe(String(unknown));
});
