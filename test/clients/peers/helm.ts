import { expectGone, expectIn, expectSame, type Peer, tokenUsername } from "./peer.ts";

/** Charts as OCI artifacts. */
export const helm: Peer = {
  name: "helm",
  module: "helm.sh/helm/v3/cmd/helm@v3.22.0",
  async login({ runWithInput, host }, token) {
    const login = ["registry", "login", host, "--plain-http", "--username", tokenUsername, "--password-stdin"];
    await runWithInput(token, ...login);
  },
  async tour({ sandbox, world, named, run }) {
    await run("create", "shop");
    for (const version of ["1.0.0", "1.1.0"]) await run("package", "shop", "--version", version);
    const folder = named("charts");
    for (const version of ["1.0.0", "1.1.0"])
      await run("push", "--plain-http", `shop-${version}.tgz`, `oci://${folder}`);
    const chart = `oci://${folder}/shop`;
    expectIn("the chart", await run("show", "chart", "--plain-http", chart, "--version", "1.0.0"), "version: 1.0.0");
    expectIn(
      "the newest of a range",
      await run("show", "chart", "--plain-http", chart, "--version", "^1"),
      "version: 1.1.0",
    );
    await run("pull", "--plain-http", chart, "--version", "1.1.0", "--destination", sandbox.path("tmp"));
    const [pushed, pulled] = await Promise.all(
      [sandbox.path("shop-1.1.0.tgz"), sandbox.path("tmp/shop-1.1.0.tgz")].map((file) => Bun.file(file).bytes()),
    );
    expectSame("the chart that was pulled", Bun.hash(pulled ?? "").toString(), Bun.hash(pushed ?? "").toString());
    expectIn(
      "the rendered chart",
      await run("template", "--plain-http", "my", chart, "--version", "1.0.0"),
      "kind: Deployment",
    );
    const key = `--key-file=${world.writer.keyFile}`;
    const images = ["waybill", "container", "images"];
    const { stdout } = await sandbox.run([...images, "list-tags", key, `${folder}/shop`]);
    expectIn("the tags", stdout, "1.0.0", "1.1.0");
    await sandbox.succeed([...images, "delete", key, "--quiet", `${folder}/shop:1.0.0`]);
    await expectGone("a deleted chart", () => run("pull", "--plain-http", chart, "--version", "1.0.0"));
  },
};
