/** What is not allowed to anybody is said in words that each client shows, at once. */
import { afterAll, beforeAll } from "bun:test";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { buildah, docker, podman, skopeo } from "./image-client.ts";
import { keyOf, mustRefuse, pushAs } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

const administer = (...argv: string[]) => world.server.administer(...argv);

for (const client of [docker(), podman, skopeo, buildah]) {
  clientTest(
    `${client.name} shows why a push is refused: quota, immutable tag, read-only project`,
    client.needs,
    async () => {
      await using sandbox = await world.enter();
      const place = `${world.server.host}/${PROJECT}/limited-${client.name}:v1`;
      await pushAs(world.writer, world, place, makeImage({ largeLayerBytes: 1000 }));
      await client.login(sandbox, world.server.host, { username: "_json_key", password: await keyOf(world.writer) });
      await client.load(sandbox, makeImage({ largeLayerBytes: 100_000 }), place);
      const push = () => client.push(sandbox, place);

      await administer("projects", "set-quota", PROJECT, "--bytes=1KiB");
      await mustRefuse(push, /the project uses .* of its 1\.0 KiB, and this needs .* more: delete images/);
      await administer("projects", "set-quota", PROJECT, "--unlimited");

      await Bun.write(world.server.path("rules.yaml"), "dockerConfig: {immutableTags: true}\n");
      await administer("container", "rules", "set", `--project=${PROJECT}`, world.server.path("rules.yaml"));
      await mustRefuse(push, /the tag v1 is immutable: it can be neither moved nor deleted/);
      await administer("container", "rules", "delete", `--project=${PROJECT}`, "--quiet");

      await administer("projects", "update", PROJECT, "--read-only");
      await mustRefuse(push, /this project is read-only at the moment/);
      await client.pull(sandbox, place);
      await administer("projects", "update", PROJECT, "--no-read-only");
    },
  );
}
