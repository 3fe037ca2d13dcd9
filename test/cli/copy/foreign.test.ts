import { expect } from "bun:test";
import { clientTest } from "../../clients/client-test.ts";
import { startDockerRegistry } from "./docker-registry.ts";
import { digestOf, homeFor, Pusher, startRegistry } from "./registries.ts";

clientTest(
  "an image goes to somebody else's registry and back again, and is the same",
  ["docker-registry"],
  async () => {
    await using own = await startRegistry("one");
    using home = await homeFor(own);
    const foreign = await startDockerRegistry(home);
    const [ours, theirs] = [new Pusher(own.origin, own.keyFile), new Pusher(foreign.origin)];
    const images = [
      await ours.image("one/app", undefined, [5_000_000]),
      await ours.image("one/app", undefined, [7, 8]),
    ];
    const digest = await ours.index("one/app", "1", images);
    const signature = await ours.image("one/app", undefined, [20], { subject: images[0] });
    try {
      const away = await home.waybill(["copy", `${own.host}/one/app:1`, `${foreign.host}/some/where:2`, "--referrers"]);
      expect(away.stderr).toContain("Copied");
      expect(await theirs.pull("some/where", "2")).toEqual({ digest, blobs: 5 });
      const back = await home.waybill(["copy", `${foreign.host}/some/where:2`, `${own.host}/one/back`, "--referrers"]);
      expect(back.stderr).toContain("Copied");
      expect(await ours.pull("one/back", "2")).toEqual({ digest, blobs: 5 });
      // A registry without a list of referrers keeps them under a tag, which comes back as a list.
      const answer = await ours.expect(200, `/v2/one/back/referrers/${images[0]?.digest}`);
      expect(await answer.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
      const tags = await home.waybill(["copy", "--all-tags", `${foreign.host}/some/where`, `${own.host}/one/all`]);
      expect(tags.exitCode).toBe(0);
      expect((await ours.pull("one/all", "2")).digest).toBe(digest);
    } finally {
      await foreign.stop();
    }
  },
);

clientTest("skopeo gets from the target what it gets from the source", ["skopeo"], async () => {
  await using own = await startRegistry("one");
  using home = await homeFor(own);
  const { digest } = await new Pusher(own.origin, own.keyFile).image("one/app", "1", [10_000]);
  await home.waybill(["copy", `${own.host}/one/app:1`, `${own.host}/one/copy:1`]);
  const token = (await home.waybill(["auth", "print-access-token"])).stdout.trim();
  home.write("policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}');
  const command = ["skopeo", `--policy=${home.path("policy.json")}`, "copy", "--src-tls-verify=false"];
  const creds = `--src-creds=oauth2accesstoken:${token}`;
  const env = { PATH: process.env.PATH ?? "" };
  const pulled = await home.run([...command, creds, `docker://${own.host}/one/copy:1`, `dir:${home.path("pulled")}`], {
    env,
  });
  expect(pulled.stderr).not.toContain("level=fatal");
  expect(digestOf(Buffer.from(home.read("pulled/manifest.json")))).toBe(digest);
});
