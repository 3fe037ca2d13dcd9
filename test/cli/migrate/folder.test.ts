import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientTest } from "../../clients/client-test.ts";
import type { Home } from "../../helper/home.ts";
import { startDockerRegistry } from "../copy/docker-registry.ts";
import { homeFor, Pusher, type Registry, startRegistry } from "../copy/registries.ts";
import { Layout } from "./layout.ts";

setDefaultTimeout(120_000);

let own: Registry;
let home: Home;
let ours: Pusher;
beforeAll(async () => {
  own = await startRegistry("one");
  home = await homeFor(own);
  ours = new Pusher(own.origin, own.keyFile);
}, 120_000);
afterAll(async () => {
  home?.[Symbol.dispose]();
  await own?.[Symbol.asyncDispose]();
});

/** Brings a folder below a name of its own; answers the exit code, what was said, and each image. */
async function bring(folder: string, name: string, ...flags: string[]) {
  const target = `${own.host}/one/${name}`;
  const { exitCode, stdout, stderr } = await home.waybill([
    "migrate",
    "folder",
    folder,
    target,
    "--format=json",
    ...flags,
  ]);
  const { kind, images = [] } = stdout === "" ? {} : JSON.parse(stdout);
  return {
    exitCode,
    stderr,
    kind,
    images: images as { digest: string; tags: string[]; error?: string; blobs: object }[],
  };
}

let folders = 0;
const newFolder = () => home.path(`folder-${++folders}`);
const referrersOf = async (name: string, digest: string) => {
  const answer = await ours.expect(200, `/v2/one/${name}/referrers/${digest}`);
  return ((await answer.json()) as { manifests: { digest: string }[] }).manifests.map((manifest) => manifest.digest);
};

clientTest(
  "docker-registry's folder comes with tags and indexes in indexes, and again for nothing",
  ["docker-registry"],
  async () => {
    const foreign = await startDockerRegistry(home);
    const theirs = new Pusher(foreign.origin);
    const images = [
      await theirs.image("team/app", undefined, [300_000]),
      await theirs.image("team/app", undefined, [7, 8]),
    ];
    const inner = await theirs.index("team/app", "inner", images);
    const innerBytes = Buffer.from(
      await (
        await theirs.expect(200, "/v2/team/app/manifests/inner", {
          headers: { accept: "application/vnd.oci.image.index.v1+json" },
        })
      ).arrayBuffer(),
    );
    const outer = await theirs.index("team/app", "1", [
      { mediaType: "application/vnd.oci.image.index.v1+json", digest: inner, size: innerBytes.byteLength },
    ]);
    await theirs.image("alone", "a", [10]);
    const old = await theirs.image("alone", "moved", [11]);
    await theirs.image("alone", "moved", [12]);
    await foreign.stop();

    const folder = home.path("foreign");
    const dry = await bring(folder, "debian", "--dry-run");
    expect(dry).toMatchObject({ exitCode: 0, kind: "docker-registry" });
    expect((await ours.send("/v2/one/debian/team/app/manifests/1")).status).toBe(404);
    const brought = await bring(folder, "debian");
    expect(brought.exitCode).toBe(0);
    expect(brought.images.flatMap(({ tags }) => tags).sort()).toEqual(["1", "a", "inner", "moved"]);
    expect(await ours.pull("one/debian/team/app", "1")).toEqual({ digest: outer, blobs: 5 });
    expect(await ours.pull("one/debian/alone", "a")).toMatchObject({ blobs: 2 });
    expect((await ours.send(`/v2/one/debian/alone/manifests/${old.digest}`)).status).toBe(404);
    const again = await bring(folder, "debian", "--untagged");
    for (const { tags, blobs } of again.images) if (tags.length > 0) expect(blobs).toMatchObject({ copied: 0 });
    expect((await ours.send(`/v2/one/debian/alone/manifests/${old.digest}`)).status).toBe(200);
  },
);

clientTest("a layout that skopeo wrote comes as it is", ["skopeo"], async () => {
  const { digest } = await ours.image("one/source", "1", [100_000, 5]);
  home.write("policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}');
  const folder = newFolder();
  const token = (await home.waybill(["auth", "print-access-token"])).stdout.trim();
  const written = await home.run(
    [
      "skopeo",
      `--policy=${home.path("policy.json")}`,
      "copy",
      "--preserve-digests",
      "--src-tls-verify=false",
      `--src-creds=oauth2accesstoken:${token}`,
      `docker://${own.host}/one/source:1`,
      `oci:${folder}:stable`,
    ],
    { env: { PATH: process.env.PATH ?? "" } },
  );
  expect(written).toMatchObject({ exitCode: 0 });
  expect(await bring(folder, "from-skopeo")).toMatchObject({ exitCode: 0, kind: "oci-layout" });
  expect(await ours.pull("one/from-skopeo", "stable")).toEqual({ digest, blobs: 3 });
});

test("zot's storage comes with referrers, what refers to those, and images without a tag", async () => {
  const folder = newFolder();
  const [app, base] = [new Layout(join(folder, "team/app")), new Layout(join(folder, "base"))];
  // What zot keeps beside its repositories.
  for (const own of [".uploads", "_trivy/db", "team/app/.uploads"]) mkdirSync(join(folder, own), { recursive: true });
  writeFileSync(join(folder, "cache.db"), "zot's own");
  const image = app.image("layer");
  const index = app.enter(app.index([image, app.index([app.image("inner")])]), "1.0");
  app.enter(image, "amd64");
  const signature = app.enter(app.image("signature", { subject: index }));
  const onSignature = app.enter(app.image("countersigned", { subject: signature }));
  const untagged = base.enter(base.image("nobody names me"));
  const brought = await bring(folder, "zot");
  expect(brought).toMatchObject({ exitCode: 0, kind: "zot" });
  expect((await ours.pull("one/zot/team/app", "1.0")).digest).toBe(index.digest);
  expect((await ours.pull("one/zot/team/app", "amd64")).digest).toBe(image.digest);
  expect((await ours.pull("one/zot/base", untagged.digest)).blobs).toBe(2);
  expect(await referrersOf("zot/team/app", index.digest)).toEqual([signature.digest]);
  expect(await referrersOf("zot/team/app", signature.digest)).toEqual([onSignature.digest]);
});

describe("of a folder that is a trap,", () => {
  /** A layout with a good image beside what the trap does. */
  function trapped(spring: (layout: Layout) => void): string {
    const layout = new Layout(newFolder());
    layout.enter(layout.image("good"), "good");
    spring(layout);
    return layout.folder;
  }
  const outside = () => home.write("secret", "not for the registry");
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", size: 20 };

  test.each<[string, (layout: Layout) => void, RegExp]>([
    [
      "a blob with other bytes",
      (layout) => {
        const { digest } = layout.enter(layout.image("bad"), "bad");
        const body = JSON.parse(readFileSync(layout.pathOf(digest), "utf8"));
        writeFileSync(layout.pathOf(body.layers[0].digest), "dab");
      },
      /digest|bytes/,
    ],
    [
      "a manifest with other bytes",
      (layout) => writeFileSync(layout.pathOf(layout.enter(layout.image("bad"), "bad").digest), "{}"),
      /other bytes/,
    ],
    [
      "a blob that is a link to elsewhere",
      (layout) => {
        const { digest } = layout.enter(layout.image("bad"), "bad");
        const body = JSON.parse(readFileSync(layout.pathOf(digest), "utf8"));
        rmSync(layout.pathOf(body.config.digest));
        symlinkSync(outside(), layout.pathOf(body.config.digest));
      },
      /symbolic link/,
    ],
    [
      "a digest that is a path",
      (layout) => {
        const body = { schemaVersion: 2, config: { ...config, digest: "sha256:../../../../secret" }, layers: [] };
        layout.enter(
          layout.blob("application/vnd.oci.image.manifest.v1+json", Buffer.from(JSON.stringify(body))),
          "bad",
        );
      },
      /without a digest/,
    ],
    [
      "a manifest of many megabytes",
      (layout) => {
        const body = `{"schemaVersion":2,"layers":[],"x":"${"x".repeat(5_000_000)}"}`;
        layout.enter(layout.blob("application/vnd.oci.image.manifest.v1+json", Buffer.from(body)), "bad");
      },
      /more than/,
    ],
    [
      "a manifest that is no JSON",
      (layout) => layout.enter(layout.blob("application/vnd.oci.image.manifest.v1+json", Buffer.from("[[[[")), "bad"),
      /not a manifest/,
    ],
  ])("%s is refused, and the good image comes", async (_, spring, says) => {
    const name = `trap-${folders}`;
    const brought = await bring(trapped(spring), name);
    expect(brought.exitCode).toBe(1);
    expect(brought.images.find(({ tags }) => tags.includes("bad"))?.error).toMatch(says);
    expect((await ours.pull(`one/${name}`, "good")).blobs).toBe(2);
    expect((await ours.send(`/v2/one/${name}/manifests/bad`)).status).toBe(404);
  });

  test.each<[string, (layout: Layout) => void, RegExp]>([
    [
      "a linked index.json",
      ({ folder }) => {
        renameSync(join(folder, "index.json"), home.path("moved.json"));
        symlinkSync(home.path("moved.json"), join(folder, "index.json"));
      },
      /symbolic link/,
    ],
    [
      "linked blobs",
      ({ folder }) => {
        renameSync(join(folder, "blobs"), join(folder, "elsewhere"));
        symlinkSync(join(folder, "elsewhere"), join(folder, "blobs"));
      },
      /symbolic link/,
    ],
    [
      "an index.json of a hundred megabytes",
      ({ folder }) => writeFileSync(join(folder, "index.json"), `{"manifests":[],"x":"${"x".repeat(100_000_000)}"}`),
      /more than/,
    ],
    ["an index.json that is none", ({ folder }) => writeFileSync(join(folder, "index.json"), "null"), /is none/],
    [
      "a name in place of a digest",
      ({ folder }) => writeFileSync(join(folder, "index.json"), '{"manifests":[{"digest":"sha256:.."}]}'),
      /without a digest/,
    ],
  ])("%s brings nothing", async (_, spring, says) => {
    const brought = await bring(trapped(spring), "nothing");
    expect(brought.exitCode).toBe(1);
    expect(brought.stderr).toMatch(says);
    expect((await ours.send("/v2/one/nothing/tags/list")).status).toBe(404);
  });

  test("a pipe in the place of a file keeps nobody waiting", async () => {
    const layout = new Layout(newFolder());
    const { digest } = layout.enter(layout.image("bad"), "bad");
    rmSync(layout.pathOf(digest));
    Bun.spawnSync(["mkfifo", layout.pathOf(digest)]);
    const brought = await bring(layout.folder, "pipe");
    expect(brought.images[0]?.error).toMatch(/not an ordinary file/);
  });

  test("a folder without images is told, with what would be one", async () => {
    mkdirSync(newFolder());
    const { exitCode, stderr } = await bring(home.path(`folder-${folders}`), "none");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("holds no images");
  });
});
