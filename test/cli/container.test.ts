import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import { descriptor, pushBlob, pushImage, smallImage } from "../registry/small-image.ts";
import { bearer } from "../server.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";
import { context } from "./context.ts";

let server: AdministeredServer;
let host: string;
let token: string;
const one = smallImage("one");

beforeAll(async () => {
  server = await startAdministeredServer();
  host = new URL(server.origin).host;
  token = (await server.waybill(["auth", "print-access-token"])).stdout.trim();
  for (const project of ["shop", "example.com:shop", "other"]) await server.waybill(["projects", "create", project]);
  for (const name of ["shop/app", "shop/team/app", "shop/team/tool", "example.com/shop/app"]) await push(name, "1");
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const there = { fetch: (path: string, init?: RequestInit) => fetch(`${server.origin}${path}`, init) };
const push = (name: string, tag: string, image = one) => pushImage(there, name, tag, image, token);
const images = (line: string, env?: Record<string, string>) =>
  server.waybill(["container", "images", ...line.split(" ")], env);
const json = async (line: string) => JSON.parse((await images(`${line} --format=json`)).stdout);
const statusOf = async (path: string) => (await fetch(`${server.origin}${path}`, { headers: bearer(token) })).status;

/** An image whose configuration says when and for what it was made. */
async function pushDated(name: string, tag: string, created: string, architecture = "arm64") {
  const config = Buffer.from(JSON.stringify({ created, os: "linux", architecture, variant: "v8" }));
  const layer = Buffer.from(`layer of ${created}`);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: one.mediaType,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }),
  );
  const image = { ...smallImage(""), blobs: [config, layer], manifest, digest: descriptor("", manifest).digest };
  await push(name, tag, image);
  return { ...image, size: config.byteLength + layer.byteLength };
}

describe("waybill container images list", () => {
  test("shows every image that one may list", async () => {
    const names = ["example.com/shop/app", "shop/app", "shop/team/app", "shop/team/tool"].map(
      (name) => `${host}/${name}`,
    );
    const { stdout } = await images("list");
    expect(stdout).toBe(`NAME\n${names.join("\n")}\n`);
    expect(await json("list")).toEqual(names.map((name) => ({ name })));
    expect(await json("list --limit=2")).toEqual(names.slice(0, 2).map((name) => ({ name })));
  });

  test.each([
    ["shop", ["shop/app", "shop/team"]],
    ["shop/team", ["shop/team/app", "shop/team/tool"]],
    ["shop/", ["shop/app", "shop/team"]],
    ["example.com/shop", ["example.com/shop/app"]],
    ["other", []],
  ])("shows what comes next below %s", async (path, expected) => {
    expect(await json(`list --repository=${host}/${path}`)).toEqual(
      expected.map((name) => ({ name: `${host}/${name}` })),
    );
  });

  test("says when there is nothing", async () => {
    expect(await images(`list --repository=${host}/other`)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "Listed 0 items.\n",
    });
  });
});

describe("waybill container images list-tags", () => {
  test("shows the youngest first, with the digest's first digits, tags and the time", async () => {
    const old = await pushDated("shop/dated", "old", "2019-02-03T04:05:06Z");
    const young = await pushDated("shop/dated", "young", "2021-02-03T04:05:06.5Z");
    await push("shop/dated", "also-young", young);
    await push("shop/dated", "old", young);
    const { stdout } = await images(`list-tags ${host}/shop/dated`);
    const short = (digest: string) => digest.slice("sha256:".length, "sha256:".length + 12);
    expect(stdout).toBe(
      [
        "DIGEST        TAGS                  TIMESTAMP",
        `${short(young.digest)}  also-young,old,young  2021-02-03T04:05:06`,
        `${short(old.digest)}                        2019-02-03T04:05:06`,
        "",
      ].join("\n"),
    );
    const [first, second] = await json(`list-tags ${host}/shop/dated`);
    expect(first).toEqual({
      digest: young.digest,
      tags: ["also-young", "old", "young"],
      timestamp: {
        datetime: "2021-02-03 04:05:06+00:00",
        year: 2021,
        month: 2,
        day: 3,
        hour: 4,
        minute: 5,
        second: 6,
        microsecond: 500_000,
      },
      mediaType: one.mediaType,
      imageSizeBytes: String(young.size),
      uploadTime: expect.stringMatching(/^20\d\d-.*Z$/),
    });
    expect(second).toMatchObject({ digest: old.digest, tags: [] });
    expect(await json(`list-tags ${host}/shop/dated --limit=1`)).toEqual([first]);
  });
});

describe("waybill container images describe", () => {
  test("shows digest, size, platform, tags and times", async () => {
    const image = await pushDated("shop/described", "latest", "2019-02-03T04:05:06Z");
    const summary = {
      digest: image.digest,
      fully_qualified_digest: `${host}/shop/described@${image.digest}`,
      registry: host,
      repository: "shop/described",
      media_type: one.mediaType,
      size_bytes: image.size,
      platforms: ["linux/arm64/v8"],
      tags: ["latest"],
      created: "2019-02-03T04:05:06Z",
      uploaded: expect.stringMatching(/^20\d\d-.*Z$/),
    };
    for (const reference of ["", ":latest", `@${image.digest}`])
      expect(await json(`describe ${host}/shop/described${reference}`)).toEqual({ image_summary: summary });
    const { stdout } = await images(`describe ${host}/shop/described`);
    expect(stdout).toStartWith(`image_summary:\n  digest: ${image.digest}\n`);
    expect(stdout).toContain("  platforms:\n  - linux/arm64/v8\n  tags:\n  - latest\n");
  });

  test("shows the platforms of an index and the size of all its images", async () => {
    const [arm, intel] = [
      await pushDated("shop/index", "arm", "2019-02-03T04:05:06Z"),
      await pushDated("shop/index", "intel", "2019-02-03T04:05:07Z", "amd64"),
    ];
    const manifests = [arm, intel].map(({ manifest }, index) => ({
      ...descriptor(one.mediaType, manifest),
      platform: { os: "linux", architecture: ["arm64", "amd64"][index] },
    }));
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    await push("shop/index", "all", { ...one, blobs: [], manifest, mediaType });
    const { image_summary: summary } = await json(`describe ${host}/shop/index:all`);
    expect(summary).toMatchObject({
      media_type: mediaType,
      platforms: ["linux/arm64", "linux/amd64"],
      size_bytes: arm.size + intel.size,
    });
  });
});

describe("waybill container images add-tag", () => {
  test("tags an image in its repository, and in another one together with all that belongs to it", async () => {
    const { exitCode, stderr } = await images(
      `add-tag ${host}/shop/app:1 ${host}/shop/app:stable ${host}/other/copy/app:2`,
    );
    expect(stderr).toBe(`Created [${host}/shop/app:stable].\nCreated [${host}/other/copy/app:2].\n`);
    expect(exitCode).toBe(0);
    for (const name of ["shop/app:stable", "other/copy/app:2"])
      expect((await json(`describe ${host}/${name}`)).image_summary.digest).toBe(one.digest);
    for (const blob of one.blobs)
      expect(await statusOf(`/v2/other/copy/app/blobs/${descriptor("", blob).digest}`)).toBe(200);
  });

  test("takes an index with its images to another repository", async () => {
    const child = await pushDated("shop/multi", "child", "2019-02-03T04:05:08Z");
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const manifests = [descriptor(one.mediaType, child.manifest)];
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    await push("shop/multi", "all", { ...one, blobs: [], manifest, mediaType });
    expect((await images(`add-tag ${host}/shop/multi:all ${host}/other/multi:all`)).exitCode).toBe(0);
    expect(await statusOf(`/v2/other/multi/manifests/${child.digest}`)).toBe(200);
  });

  test("moves no image to another registry", async () => {
    const outcome = await images(`add-tag ${host}/shop/app:1 eu.gcr.io/shop/app:1`);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    expect(outcome.stderr).toContain("waybill copy");
  });
});

describe("waybill container images untag and delete", () => {
  let name: string;
  beforeEach(async () => {
    name = `shop/doomed-${Bun.randomUUIDv7()}`;
    for (const tag of ["1", "2", "latest"]) await push(name, tag);
    await pushBlob(there, name, Buffer.from("layer"), token);
  });
  const tags = async () => (await json(`list-tags ${host}/${name}`)).flatMap((image: { tags: string[] }) => image.tags);

  test("untag removes tags and leaves the image", async () => {
    const outcome = await images(`untag ${host}/${name}:1 ${host}/${name}:latest`);
    expect(outcome.stderr).toBe(`Untagged [${host}/${name}:1].\nUntagged [${host}/${name}:latest].\n`);
    expect(await tags()).toEqual(["2"]);
    await images(`untag ${host}/${name}:2`);
    expect(await json(`list-tags ${host}/${name}`)).toMatchObject([{ digest: one.digest, tags: [] }]);
  });

  test.each(["", ":1", `@${one.digest}`])(
    "delete IMAGE%s refuses while other tags point at the image",
    async (reference) => {
      const outcome = await images(`delete ${host}/${name}${reference} --quiet`);
      expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
      expect(outcome.stderr).toContain(`these tags would go too: `);
      expect(outcome.stderr).toContain("--force-delete-tags");
      expect(await tags()).toEqual(["1", "2", "latest"]);
    },
  );

  test("delete takes every tag with it where that was said", async () => {
    const outcome = await images(`delete ${host}/${name}@${one.digest} --force-delete-tags --quiet`);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stderr).toBe(
      [...["1", "2", "latest"].map((tag) => `:${tag}`), `@${one.digest}`]
        .map((what) => `Deleted [${host}/${name}${what}].\n`)
        .join(""),
    );
    expect(await json(`list-tags ${host}/${name}`)).toEqual([]);
  });

  test("delete takes an image by all of its tags", async () => {
    const all = ["1", "2", "latest"].map((tag) => `${host}/${name}:${tag}`).join(" ");
    expect((await images(`delete ${all}`)).exitCode).toBe(0);
    expect(await statusOf(`/v2/${name}/manifests/${one.digest}`)).toBe(404);
  });

  test.each([
    ["n\n", 1, 200],
    ["y\n", 0, 404],
  ])("delete asks somebody at the terminal, who says %j", async (stdin, exitCode, status) => {
    const env = { WAYBILL_KEY_FILE: server.adminKey, WAYBILL_SERVER: server.origin, HOME: server.home.folder };
    const { it, said } = context({ stdin, interactive: true, env, fetch });
    it.now = Date.now;
    const argv = ["container", "images", "delete", `${host}/${name}@${one.digest}`, "--force-delete-tags"];
    expect(await runCli(argv, it)).toBe(exitCode);
    expect(said.stderr).toContain(`- ${host}/${name}@${one.digest}\n- ${host}/${name}:1\n`);
    expect(await statusOf(`/v2/${name}/manifests/${one.digest}`)).toBe(status);
  });
});

describe("waybill container images", () => {
  test.each([
    ["list --repository=nohost/shop", 1, "does not answer"],
    ["list --repository=HOST/Shop", 2, "--repository cannot be"],
    ["list --limit=0", 2, "--limit cannot be"],
    ["list-tags HOST/shop/app:1", 2, "names one version of an image"],
    ["list-tags HOST/shop/absent", 1, "no repository shop/absent"],
    ["list-tags HOST", 2, "does not name an image"],
    ["describe HOST/shop/app:absent", 1, "no manifest shop/app:absent"],
    ["untag HOST/shop/app", 2, "has no tag"],
    ["untag HOST/shop/app:absent", 1, "no manifest shop/app:absent"],
    ["delete HOST/shop/app:absent", 1, "there is no image"],
    ["add-tag HOST/shop/app:1", 2, "IMAGE NEW_IMAGE:TAG is missing"],
    ["list-tags gcr.io/shop/app --server=http://127.0.0.1:1", 1, "gcr.io is not a host of http://127.0.0.1:1"],
  ])("%s: exit %d", async (line, exitCode, text) => {
    const outcome = await images(line.replace("HOST", host));
    expect(outcome).toMatchObject({ exitCode, stdout: "" });
    expect(outcome.stderr).toStartWith("waybill: error: ");
    expect(outcome.stderr).toContain(text);
  });

  test("says what somebody without the right lacks", async () => {
    const { stdout } = await server.waybill(
      "iam service-accounts create reader --project=shop --format=json".split(" "),
    );
    const { email } = JSON.parse(stdout) as { email: string };
    const binding = `--member=serviceAccount:${email} --role=roles/artifactregistry.reader`;
    await server.waybill(`projects add-iam-policy-binding shop ${binding}`.split(" "));
    const key = server.home.path("reader.json");
    await server.waybill(`iam service-accounts keys create ${key} --iam-account=${email}`.split(" "));
    const env = { WAYBILL_KEY_FILE: key };
    expect((await images(`list --repository=${host}/shop`, env)).stdout).toContain(`${host}/shop/app\n`);
    expect((await images(`list --repository=${host}/other`, env)).stderr).toContain("repositories.list");
    const denied = await images(`untag ${host}/shop/app:1`, env);
    expect(denied.exitCode).toBe(1);
    expect(denied.stderr).toContain('does not have the permission "artifactregistry.tags.delete" on shop/app');
  });
});
