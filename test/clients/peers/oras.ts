import { expectGone, expectIn, expectSame, type Peer, tokenUsername } from "./peer.ts";

/** Artifacts of any kind, and what refers to them. */
export const oras: Peer = {
  name: "oras",
  module: "oras.land/oras/cmd/oras@v1.3.6",
  async login({ runWithInput, host }, token) {
    await runWithInput(token, "login", "--plain-http", "--username", tokenUsername, "--password-stdin", host);
  },
  async tour({ sandbox, named, run }) {
    const content = crypto.randomUUID();
    await Bun.write(sandbox.path("artifact.txt"), content);
    await Bun.write(sandbox.path("sbom.json"), JSON.stringify({ content }));
    const plain = "--plain-http";
    const name = named("artifact");
    await run(
      "push",
      plain,
      "--artifact-type",
      "application/vnd.example.thing",
      `${name}:1,also`,
      "artifact.txt:text/plain",
    );
    expectSame("the tags", await run("repo", "tags", plain, name), "1\nalso");
    await run(
      "attach",
      plain,
      "--artifact-type",
      "application/vnd.example.sbom",
      `${name}:1`,
      "sbom.json:application/json",
    );
    await run(
      "attach",
      plain,
      "--artifact-type",
      "application/vnd.example.note",
      "--annotation",
      "note=yes",
      `${name}:1`,
    );
    expectIn(
      "the referrers",
      await run("discover", plain, `${name}:1`),
      "application/vnd.example.sbom",
      "application/vnd.example.note",
    );
    const filtered = await run("discover", plain, "--artifact-type", "application/vnd.example.note", `${name}:1`);
    if (filtered.includes("sbom")) throw new Error(`the filter let more through:\n${filtered}`);
    await run("pull", plain, "--output", sandbox.path("pulled"), `${name}:also`);
    expectSame("what was pulled", await Bun.file(sandbox.path("pulled/artifact.txt")).text(), content);
    await run("cp", "--from-plain-http", "--to-plain-http", "--recursive", `${name}:1`, `${named("copy")}:1`);
    expectIn(
      "the copy's referrers",
      await run("discover", plain, `${named("copy")}:1`),
      "application/vnd.example.sbom",
    );
    await run("tag", plain, `${name}:1`, "later");
    expectIn(
      "the repositories",
      await run("repo", "ls", plain, name.split("/").slice(0, 1).join("/")),
      name.split("/").slice(1).join("/"),
    );
    await run("manifest", "delete", plain, "--force", `${named("copy")}:1`);
    await expectGone("a deleted artifact", () => run("manifest", "fetch", plain, `${named("copy")}:1`));
  },
};
