import { makeImage, writeArchive } from "../image.ts";
import { compare } from "../ways.ts";
import { expectGone, expectIn, expectSame, type Peer, tokenUsername } from "./peer.ts";

/** Google's client, as its users know it. */
export const crane: Peer = {
  name: "crane",
  module: "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
  async login({ runWithInput, host }, token) {
    const login = ["auth", "login", host, "--username", tokenUsername, "--password-stdin"];
    await runWithInput(token, ...login);
  },
  async tour({ sandbox, world, host, named, run }) {
    const image = makeImage();
    const [first, second] = [named("app:1"), named("copy/app:1")];
    await writeArchive(image, sandbox.path("image.tar"), first);
    await run("push", sandbox.path("image.tar"), first);
    await compare(world, first, image);
    await run("copy", first, second);
    await compare(world, second, image);
    expectSame("the copy's digest", await run("digest", second), await run("digest", first));
    await run("tag", first, "2");
    expectSame("the tags", await run("ls", named("app")), "1\n2");
    expectIn("the catalog", await run("catalog", host), first.slice(host.length + 1).split(":")[0] ?? "");
    expectIn("the configuration", await run("config", first), "/bin/busybox");
    await run("pull", second, sandbox.path("pulled.tar"));
    await run("validate", `--tarball=${sandbox.path("pulled.tar")}`);
    await run("validate", `--remote=${first}`);
    const digest = await run("digest", second);
    await run("delete", `${named("copy/app")}@${digest}`);
    await expectGone("a deleted image", () => run("digest", second));
    await compare(world, first, image);
  },
};
