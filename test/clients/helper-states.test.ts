// What each client does when the helper knows nobody, when its identity fails, and when that has expired.
import { afterAll, beforeAll, expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { makePublicProject, PUBLIC_PROJECT, STATES, said, stopsAtError } from "./helper-states.ts";
import { makeImage, type TestImage } from "./image.ts";
import { buildah, docker, type ImageClient, plainHttp, podman, skopeo } from "./image-client.ts";
import { mustRefuse, pushAs } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

let world: World;
let image: TestImage;
beforeAll(async () => {
  world = await createWorld();
  image = makeImage({ largeLayerBytes: 1000 });
  await makePublicProject(world);
  await pushAs(world.writer, world, named(PUBLIC_PROJECT), image);
  await pushAs(world.writer, world, named(PROJECT), image);
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

const named = (project: string) => `${world.server.host}/${project}/helped:1`;
const pullCommands: readonly [ImageClient, (reference: string) => string[]][] = [
  [podman, (reference) => ["podman", "pull", ...plainHttp(reference), reference]],
  [buildah, (reference) => ["buildah", "pull", ...plainHttp(reference), reference]],
  [skopeo, (reference) => ["skopeo", "inspect", ...plainHttp(reference), `docker://${reference}`]],
];

for (const state of STATES) {
  const { complaint } = state;
  for (const [client, pull] of pullCommands)
    clientTest(
      `${client.name} ${state.name} ${complaint ? "stops, and quotes the helper" : "pulls what is public"}`,
      client.needs,
      async () => {
        await using sandbox = await world.enter();
        await state.enter(sandbox, world);
        if (complaint) expect(await sandbox.fail(pull(named(PUBLIC_PROJECT)))).toMatch(complaint);
        else expect(await client.pull(sandbox, named(PUBLIC_PROJECT))).toBe(image.id);
        await mustRefuse(
          () => client.pull(sandbox, named(PROJECT)),
          complaint ?? /unauthorized|denied|authentication required/i,
        );
      },
    );

  clientTest(`docker ${state.name} pulls what is public, and says what is wrong`, docker().needs, async () => {
    await using sandbox = await world.enter();
    await state.enter(sandbox, world);
    const outcome = await sandbox.run(["docker", "pull", named(PUBLIC_PROJECT)]);
    const isStopped = complaint !== undefined && (await stopsAtError(sandbox, "pull"));
    expect(outcome.exitCode === 0, said(outcome)).toBe(!isStopped);
    if (complaint) expect(outcome.stderr).toMatch(complaint);
    const refused = await sandbox.fail(["docker", "pull", named(PROJECT)]);
    expect(refused).toMatch(isStopped ? complaint : /unauthorized|denied|authentication required/i);
  });

  clientTest(
    `docker create ${state.name} makes a container of a public image, unless it stops at the helper`,
    docker().needs,
    async () => {
      await using sandbox = await world.enter();
      await state.enter(sandbox, world);
      const outcome = await sandbox.run([
        "docker",
        "create",
        "--pull=always",
        "--network=none",
        named(PUBLIC_PROJECT),
        "/none",
      ]);
      const isStopped = complaint !== undefined && (await stopsAtError(sandbox, "create"));
      expect(outcome.exitCode === 0, said(outcome)).toBe(!isStopped);
      if (complaint) expect(said(outcome)).toMatch(complaint);
      if (outcome.exitCode === 0) await sandbox.succeed(["docker", "rm", outcome.stdout.trim()]);
    },
  );

  clientTest(`the classic docker build ${state.name} builds on a public image`, docker().needs, async () => {
    await using sandbox = await world.enter();
    await state.enter(sandbox, world);
    await Bun.write(sandbox.path("context/Dockerfile"), `FROM ${named(PUBLIC_PROJECT)}\nLABEL made=here\n`);
    const build = ["docker", "build", "--network=none", "--pull", sandbox.path("context")];
    const outcome = await sandbox.run(build, { env: { DOCKER_BUILDKIT: "0" } });
    expect(outcome.exitCode, said(outcome)).toBe(0);
    if (complaint) expect(said(outcome)).toMatch(complaint);
  });
}
