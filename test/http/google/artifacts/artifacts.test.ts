import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../../registry/small-image.ts";
import { startTestServer } from "../../../server.ts";
import { type Answer, sender, startWorld, type World } from "../exchange.ts";

const repository = "/v1/projects/shop/locations/default/repositories/default";
const name = repository.slice("/v1/".length);
const [first, second] = [smallImage("first"), smallImage("second")];

let world: World;
let token: string;
beforeAll(async () => {
  world = await startWorld();
  const { account, key } = await world.member([["installation", "roles/owner"]]);
  token = world.server.accessToken(account, key);
  await push("shop/app", "1", first);
  await push("shop/app", "2", second);
  await push("shop/team/web", "latest", first);
  await push("other/secret", "1", first);
});
afterAll(() => world.server.close());

const push = (path: string, tag: string, image: typeof first) => pushImage(world.server, path, tag, image, token);
const get = async (path: string): Promise<Answer["body"]> => {
  const { status, body } = await world.owner(`GET ${path}`);
  expect({ path, status, body }).toMatchObject({ status: 200 });
  return body;
};

describe("Artifact Registry's listings", () => {
  test("of locations and repositories are the server's names", async () => {
    const locations = [{ name: "projects/shop/locations/default", locationId: "default", displayName: "default" }];
    expect(await get("/v1/projects/shop/locations")).toEqual({ locations });
    expect(await get("/v1beta2/projects/shop/locations")).toEqual({ locations });
    const { repositories } = await get("/v1/projects/shop/locations/default/repositories");
    expect(repositories).toMatchObject([
      { name, format: "DOCKER", mode: "STANDARD_REPOSITORY", registryUri: "default/shop" },
    ]);
    expect(await get(repository)).toEqual(repositories[0]);
  });

  test("of packages are image paths, those of this project only", async () => {
    const packages = [{ name: `${name}/packages/app` }, { name: `${name}/packages/team%2Fweb` }];
    expect(await get(`${repository}/packages`)).toEqual({ packages });
    expect(await get(`${repository}/packages/team%2Fweb`)).toEqual(packages[1]);
    const below = await get("/v1/projects/shop/locations/default/repositories/team/packages");
    expect(below.packages).toEqual([{ name: "projects/shop/locations/default/repositories/team/packages/web" }]);
  });

  test("of versions tell sizes and types, and tags where asked", async () => {
    const { versions } = await get(`${repository}/packages/app/versions?view=FULL`);
    const digests = [first.digest, second.digest].sort();
    expect(versions.map(({ name }: { name: string }) => name.split("/").at(-1))).toEqual(digests);
    const one = await get(`${repository}/packages/app/versions/${first.digest}?view=FULL`);
    expect(one).toMatchObject({
      name: `${name}/packages/app/versions/${first.digest}`,
      relatedTags: [{ name: `${name}/packages/app/tags/1` }],
      metadata: { imageSizeBytes: expect.stringMatching(/^[0-9]+$/), mediaType: first.mediaType },
    });
    expect(await get(`${repository}/packages/app/versions/${first.digest}`)).not.toHaveProperty("relatedTags");
  });

  test("of tags can be narrowed to one version", async () => {
    const tags = `${repository}/packages/app/tags`;
    const version = `${name}/packages/app/versions/${second.digest}`;
    expect((await get(tags)).tags).toHaveLength(2);
    const filter = encodeURIComponent(`version="${version}"`);
    expect(await get(`${tags}?filter=${filter}`)).toEqual({
      tags: [{ name: `${name}/packages/app/tags/2`, version }],
    });
    const foreign = encodeURIComponent(`version="${version.replace("app", "web")}"`);
    expect((await world.owner(`GET ${tags}?filter=${foreign}`)).status).toBe(400);
  });

  test("of images go across paths, page by page, each once", async () => {
    const seen: string[] = [];
    let page = "";
    do {
      const { dockerImages = [], nextPageToken = "" } = await get(
        `${repository}/dockerImages?pageSize=1${page && `&pageToken=${page}`}`,
      );
      expect(dockerImages.length).toBeLessThanOrEqual(1);
      for (const { uri, tags } of dockerImages) seen.push(`${uri} ${tags}`);
      page = nextPageToken;
    } while (page !== "");
    const uri = "default-docker.pkg.dev/shop/default";
    const app = [`${uri}/app@${first.digest} 1`, `${uri}/app@${second.digest} 2`].sort();
    expect(seen).toEqual([...app, `${uri}/team/web@${first.digest} latest`]);
    const image = `${repository}/dockerImages/team%2Fweb@${first.digest}`;
    expect(await get(image)).toMatchObject({ uri: `${uri}/team/web@${first.digest}`, mediaType: first.mediaType });
  });

  test.each([
    `${repository}/packages/nothing`,
    `${repository}/packages/app/versions/${smallImage("unknown").digest}`,
    `${repository}/packages/app/versions/latest`,
    `${repository}/packages/app/tags/3`,
    `${repository}/packages/secret`,
    `${repository}/dockerImages/secret@${first.digest}`,
    `${repository}/dockerImages/app@${smallImage("unknown").digest}`,
    "/v1/projects/shop/locations/us/repositories/gcr.io",
    "/v1/projects/shop/locations/us",
  ])("have nothing at %s", async (path) => {
    const { status, body } = await world.owner(`GET ${path}`);
    expect(status).toBe(404);
    expect(body.error.details).toContainEqual(
      expect.objectContaining({ reason: "RESOURCE_NOT_FOUND", domain: "artifactregistry.googleapis.com" }),
    );
  });
});

describe("tags and versions", () => {
  const tags = `${repository}/packages/app/tags`;
  const versionOf = (image: typeof first, path = "app") => `${name}/packages/${path}/versions/${image.digest}`;

  test("a tag is made once, moved, and deleted, and its history says who did it", async () => {
    const body = { version: versionOf(first) };
    const made = { name: `${name}/packages/app/tags/stable`, version: versionOf(first) };
    expect(await world.owner(`POST ${tags}?tagId=stable`, body)).toMatchObject({ status: 200, body: made });
    expect(await world.owner(`POST ${tags}?tagId=stable`, body)).toMatchObject({
      status: 200,
      body: made,
    });
    expect(await world.owner(`POST ${tags}?tagId=stable`, { version: versionOf(second) })).toMatchObject({
      status: 409,
      body: { error: { status: "ALREADY_EXISTS" } },
    });
    const moved = { name: made.name, version: versionOf(second) };
    expect(await world.owner(`PATCH ${tags}/stable?updateMask=version`, moved)).toMatchObject({
      status: 200,
      body: moved,
    });
    expect(await get(`${tags}/stable`)).toEqual(moved);
    expect((await world.owner(`PATCH ${tags}/newer`, moved)).status).toBe(400);
    expect((await world.owner(`PATCH ${tags}/newer`, { version: moved.version })).status).toBe(404);
    expect((await world.owner(`DELETE ${tags}/stable`)).status).toBe(200);
    expect((await world.owner(`DELETE ${tags}/stable`)).status).toBe(404);
  });

  test.each([
    ["of another package", { version: versionOf(first, "team%2Fweb") }, "x", 400],
    ["that is not there", { version: versionOf(smallImage("unknown")) }, "x", 404],
    ["that is none", { version: "latest" }, "x", 404],
    ["under a name that is none", { version: versionOf(first) }, "a%20b", 400],
    ["with more than a tag has", { version: versionOf(first), owner: "me" }, "x", 400],
  ])("no tag is made for a version %s", async (_what, body, tag, status) => {
    expect((await world.owner(`POST ${tags}?tagId=${tag}`, body)).status).toBe(status);
  });

  test("a version with tags is deleted by force only, a package with all that it has", async () => {
    await push("shop/old", "1", first);
    await push("shop/old", "2", second);
    const old = `${repository}/packages/old`;
    expect(await world.owner(`DELETE ${old}/versions/${first.digest}`)).toMatchObject({
      status: 400,
      body: { error: { status: "FAILED_PRECONDITION" } },
    });
    expect(await world.owner(`DELETE ${old}/versions/${first.digest}?force=true`)).toMatchObject({
      status: 200,
      body: { done: true },
    });
    expect((await get(`${old}/versions`)).versions).toHaveLength(1);
    const { body: operation } = await world.owner(`DELETE ${old}`);
    expect(await get(`/v1/${operation.name}`)).toMatchObject({ done: true });
    expect(await get(`${old}/versions`)).toEqual({});
  });
});

describe("a policy by Artifact Registry's names", () => {
  test("is that of the storage location, or of the folder that the repository is", async () => {
    const server = await startTestServer({ hosts: ["gcr.io", "us-docker.pkg.dev"] });
    const shop = await server.project("shop");
    const { account, key } = await server.account(shop, "owner", [[`project/${shop.id}`, "roles/owner"]]);
    const owner = sender(server, server.accessToken(account, key));
    const policyOf = async (path: string) =>
      (await owner(`POST /v1/projects/shop/locations/${path}:getIamPolicy`)).body;
    for (const [theirs, ours] of [
      ["us/repositories/gcr.io", "gcr.io"],
      ["us/repositories/team", "us-docker.pkg.dev/prefixes/team"],
    ] as const) {
      const bindings = [{ role: "roles/artifactregistry.reader", members: ["domain:example.com"] }];
      const set = `POST /v1/projects/shop/locations/${theirs}:setIamPolicy`;
      expect((await owner(set, { policy: { bindings } })).status).toBe(200);
      expect((await policyOf(theirs)).bindings).toEqual(bindings);
      expect((await policyOf(ours)).bindings).toEqual(bindings);
    }
    // Who may read a folder lists its images, and not those of the location.
    const guest = await server.account(await server.project("other"), "guest");
    const members = [`serviceAccount:${guest.account.email}`];
    const policy = { bindings: [{ role: "roles/artifactregistry.reader", members }] };
    await owner("POST /v1/projects/shop/locations/us/repositories/team:setIamPolicy", { policy });
    const send = sender(server, server.accessToken(guest.account, guest.key));
    const status = async (path: string) => (await send(`GET /v1/projects/shop/locations/us/${path}`)).status;
    expect(await status("repositories/team/dockerImages")).toBe(200);
    expect(await status("repositories/gcr.io/dockerImages")).toBe(403);
    expect(await status("repositories/other/dockerImages")).toBe(403);
    expect((await owner("POST /v1/projects/shop/locations/europe/repositories/x:getIamPolicy")).status).toBe(404);
    await server.close();
  });
});
