import { makeImage, writeLayout } from "../image.ts";
import { compare } from "../ways.ts";
import { expectGone, expectIn, expectSame, type Peer, tokenUsername } from "./peer.ts";

/** regclient's command line: copies by parts, deletes tags by themselves, follows referrers. */
export const regctl: Peer = {
  name: "regctl",
  module: "github.com/regclient/regclient/cmd/regctl@v0.11.7",
  async login({ run, runWithInput, host }, token) {
    await run("registry", "set", "--tls", "disabled", host);
    const login = ["registry", "login", "--user", tokenUsername, "--pass-stdin", host];
    await runWithInput(token, ...login);
  },
  async tour({ sandbox, world, host, named, run }) {
    await run("registry", "set", "--tls", "disabled", host);
    const image = makeImage();
    await writeLayout(image, sandbox.path("layout"), "1");
    await run("image", "copy", `ocidir://${sandbox.path("layout")}:1`, named("app:1"));
    await compare(world, named("app:1"), image);
    await run("image", "copy", named("app:1"), named("copy/app:1"));
    await run("image", "copy", named("app:1"), named("app:2"));
    await compare(world, named("copy/app:1"), image);
    expectSame("the tags", await run("tag", "ls", named("app")), "1\n2");
    await Bun.write(sandbox.path("note.txt"), "a note");
    const put = [
      "artifact",
      "put",
      "--artifact-type",
      "application/vnd.example.note",
      "--file",
      sandbox.path("note.txt"),
    ];
    await run(...put, "--subject", named("app:1"));
    expectIn("the referrers", await run("artifact", "list", named("app:1")), "application/vnd.example.note");
    await run("image", "copy", "--referrers", named("app:1"), named("with-notes:1"));
    expectIn(
      "the copy's referrers",
      await run("artifact", "list", named("with-notes:1")),
      "application/vnd.example.note",
    );
    expectIn("the repositories", await run("repo", "ls", host), named("app").slice(host.length + 1));
    await run("image", "export", named("copy/app:1"), sandbox.path("exported.tar"));
    await run("image", "import", named("imported:1"), sandbox.path("exported.tar"));
    await compare(world, named("imported:1"), image);
    await run("tag", "delete", named("app:2"));
    expectSame("the tags after one was deleted", await run("tag", "ls", named("app")), "1");
    await run("manifest", "delete", `${named("app")}@${image.manifest.digest}`);
    await expectGone("a deleted image", () => run("manifest", "head", named("app:1")));
  },
};
