import { makeImage } from "../image.ts";
import { compare, pushAs } from "../ways.ts";
import { expectGone, expectIn, type Peer, tokenUsername } from "./peer.ts";

const offline = ["--tlog-upload=false", "--yes", "--allow-http-registry"];
const checked = ["--insecure-ignore-tlog=true", "--allow-http-registry"];

/** Signatures and attestations, as tags beside the image and as referrers of it. No transparency log: this needs no network. */
export const cosign: Peer = {
  name: "cosign",
  module: "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5",
  async login({ runWithInput, host }, token) {
    const login = ["login", host, "--username", tokenUsername, "--password-stdin"];
    await runWithInput(token, ...login);
  },
  async tour({ sandbox, world, named, run }) {
    Object.assign(sandbox.env, { COSIGN_PASSWORD: "", COSIGN_EXPERIMENTAL: "1" });
    const image = makeImage({ largeLayerBytes: 1000 });
    await pushAs(world.writer, world, named("app:1"), image);
    const reference = `${named("app")}@${image.manifest.digest}`;
    await run("generate-key-pair");
    await run("sign", "--key", "cosign.key", ...offline, reference);
    expectIn("the signature", await run("verify", "--key", "cosign.pub", ...checked, reference), image.manifest.digest);
    await run("sign", "--key", "cosign.key", "--registry-referrers-mode=oci-1-1", ...offline, reference);
    await Bun.write(sandbox.path("predicate.json"), '{"built":"here"}');
    await run(
      "attest",
      "--key",
      "cosign.key",
      "--predicate",
      "predicate.json",
      "--type",
      "custom",
      ...offline,
      reference,
    );
    await run("verify-attestation", "--key", "cosign.pub", "--type", "custom", ...checked, reference);
    await run("attach", "sbom", "--sbom", "predicate.json", "--allow-http-registry", reference);
    expectIn("the tree", await run("tree", "--allow-http-registry", reference), ".sig", ".att", ".sbom");
    await run("copy", "--allow-http-registry", "--force", named("app:1"), named("copy:1"));
    await compare(world, named("copy:1"), image);
    await run("verify", "--key", "cosign.pub", ...checked, `${named("copy")}@${image.manifest.digest}`);
    await run("clean", "--force", "--type", "all", "--allow-http-registry", named("copy:1"));
    await expectGone("a signature that was cleaned away", () =>
      run(
        "verify",
        "--key",
        "cosign.pub",
        "--registry-referrers-mode=legacy",
        ...checked,
        `${named("copy")}@${image.manifest.digest}`,
      ),
    );
    await compare(world, named("copy:1"), image);
  },
};
