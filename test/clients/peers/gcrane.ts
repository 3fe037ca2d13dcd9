import { storeCredentials } from "../docker-configuration.ts";
import { blob, jsonBytes, MEDIA_TYPE, makeImage, writeArchive } from "../image.ts";
import { checkClientAs, compare } from "../ways.ts";
import type { World } from "../world.ts";
import { expectIn, expectSame, type Peer, tokenUsername } from "./peer.ts";

/** Google's client with what only Google's registries have: walking through a project, and collecting what has no tag. */
export const gcrane: Peer = {
  name: "gcrane",
  module: "github.com/google/go-containerregistry/cmd/gcrane@v0.22.1",
  login: ({ sandbox, host }, password) => storeCredentials(sandbox, host, { username: tokenUsername, password }),
  async tour({ sandbox, world, named, run }) {
    const [image, other] = [makeImage(), makeImage()];
    for (const [name, each] of [
      ["tree/a", image],
      ["tree/deep/er/b", image],
      ["tree/deep/er/b", other],
    ] as const) {
      await writeArchive(each, sandbox.path("image.tar"), named(`${name}:1`));
      await run("push", sandbox.path("image.tar"), named(`${name}:1`));
    }
    const listed = await run("ls", "--recursive", named("tree"));
    expectIn(
      "the listing",
      listed,
      `${named("tree/a")}:1`,
      `${named("tree/deep/er/b")}:1`,
      `${named("tree/deep/er/b")}@sha256:`,
    );
    expectSame(
      "the number of images",
      String(listed.split("\n").filter((line) => /[:@][^/]*$/.test(line)).length),
      "5",
    );
    const [json = "{}"] = (await run("ls", "--json", named("tree/deep/er/b"))).split("\n");
    expectIn(
      "what is told of images",
      json,
      '"imageSizeBytes":"',
      '"timeUploadedMs":"',
      '"timeCreatedMs":"1577836800000"',
    );
    await run("cp", "--recursive", named("tree"), named("copied"));
    await compare(world, named("copied/a:1"), image);
    await compare(world, named("copied/deep/er/b:1"), other);
    const garbage = await run("gc", named("copied/deep/er/b"));
    expectIn("what has no tag", garbage, `${named("copied/deep/er/b")}@sha256:`);
    await run("delete", garbage.split("\n")[0] ?? "");
    expectSame("what has no tag after that", await run("gc", named("copied/deep/er/b")), "");
    expectIn("the project's listing", await run("ls", named("x").split("/").slice(0, 2).join("/")), "gcrane-");
    const many = await pushMany(world, named("many"));
    expectSame("the tags of several pages", (await run("ls", named("many"))).split("\n").sort().join(), many.join());
  },
};

/** More images than Google's client asks for at once, so that there is a second page; gives their names in order. */
async function pushMany(world: World, name: string): Promise<string[]> {
  const client = await checkClientAs(world.writer, world);
  const repository = name.slice(world.server.host.length + 1);
  const tags = Array.from({ length: 1100 }, (_, index) => `t${String(index).padStart(4, "0")}`);
  for (const tag of tags) {
    const index = blob(
      jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [], annotations: { tag } }),
    );
    await client.pushManifest(repository, tag, index, MEDIA_TYPE.index);
  }
  return tags.map((tag) => `${name}:${tag}`);
}
