/** `docker login -u _json_key`: what Docker keeps is a token that can be ended, and not the key. */
import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { docker, podman, skopeo } from "./image-client.ts";
import { keyOf, mustRefuse } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

interface Configuration {
  readonly auths: Record<string, { auth?: string; identitytoken?: string }>;
}

clientTest(
  "docker login with a key keeps a token for images and not the key; it pushes, pulls and ends at once",
  [...new Set([...docker().needs, ...skopeo.needs])],
  async () => {
    await using sandbox = await world.enter();
    const { host } = world.server;
    const key = await keyOf(world.writer);
    await docker().login(sandbox, host, { username: "_json_key", password: key });
    const text = readFileSync(join(sandbox.env.DOCKER_CONFIG ?? "", "config.json"), "utf8");
    const kept = (JSON.parse(text) as Configuration).auths[host];
    expect(kept?.identitytoken).toMatch(/^wbf_/);
    expect(Buffer.from(kept?.auth ?? "", "base64").toString()).toBe("_json_key:");
    expect(text).not.toContain("PRIVATE KEY");

    const image = makeImage();
    const reference = `${host}/${PROJECT}/kept:1`;
    await docker().load(sandbox, image, reference);
    await docker().push(sandbox, reference);
    expect(await docker().pull(sandbox, reference)).toBe(image.id);
    // skopeo reads Docker's file as well.
    expect(await skopeo.pull(sandbox, reference)).toBe(image.id);

    const listed = await world.server.administer(
      ...["iam", "service-accounts", "logins", "list", `--iam-account=${world.writer.email}`, "--format=json"],
    );
    const [login] = JSON.parse(listed) as { name: string; clientId: string }[];
    expect(login?.clientId).toBe("docker");
    const id = login?.name.split("/").at(-1) ?? "";
    await world.server.administer(
      "iam",
      "service-accounts",
      "logins",
      "end",
      id,
      `--iam-account=${world.writer.email}`,
    );
    await mustRefuse(() => docker().pull(sandbox, reference), /unauthorized|denied|login/i);
  },
);

clientTest("podman, which keeps no token, goes on with the key", podman.needs, async () => {
  await using sandbox = await world.enter();
  const { host } = world.server;
  await podman.login(sandbox, host, { username: "_json_key", password: await keyOf(world.writer) });
  const image = makeImage();
  const reference = `${host}/${PROJECT}/with-podman:1`;
  await podman.load(sandbox, image, reference);
  await podman.push(sandbox, reference);
  expect(await podman.pull(sandbox, reference)).toBe(image.id);
});
