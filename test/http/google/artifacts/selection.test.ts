import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../../registry/small-image.ts";
import { startWorld, type World } from "../exchange.ts";

/** `filter` and `orderBy` of Artifact Registry's listings, as its own reference has them (artifactregistry.v1). */
const repository = "/v1/projects/shop/locations/default/repositories/default";
const name = repository.slice("/v1/".length);
let world: World;
/** Digests in the order of their pushes. */
let digests: string[];
beforeAll(async () => {
  world = await startWorld();
  const { account, key } = await world.member([["installation", "roles/owner"]]);
  digests = [];
  for (const [path, tag, content] of [
    ["shop/app", "v1", "a".repeat(300)],
    ["shop/app", "v2", "b"],
    ["shop/app", "latest", "c".repeat(20)],
    ["shop/team/api", "v1", "d"],
    ["shop/team/web", "v1", "e"],
  ] as const) {
    world.server.clock.now += 60_000;
    const image = smallImage(content);
    digests.push(image.digest);
    await pushImage(world.server, path, tag, image, world.server.accessToken(account, key));
  }
});
afterAll(() => world.server.close());

const short = (text: string) => decodeURIComponent(text.slice(text.lastIndexOf("/") + 1));
async function list(what: string, query: Record<string, string>): Promise<string[]> {
  const names: string[] = [];
  let pageToken = "";
  do {
    const parameters = new URLSearchParams({ ...query, ...(pageToken && { pageToken }) });
    const { status, body } = await world.owner(`GET ${repository}/${what}?${parameters}`);
    expect({ status, body }).toMatchObject({ status: 200 });
    const [rows = []] = Object.entries(body)
      .filter(([member]) => member !== "nextPageToken")
      .map(([, each]) => each);
    names.push(...(rows as { name: string }[]).map((row) => short(row.name)));
    pageToken = body.nextPageToken ?? "";
  } while (pageToken !== "");
  return names;
}

const packages: [string, string, string[]][] = [
  ["a whole name", `name="${name}/packages/app"`, ["app"]],
  ["case ignored", `NAME="${name.toUpperCase()}/packages/APP"`, ["app"]],
  ["without quotes", `name=${name}/packages/app`, ["app"]],
  ["a beginning", `name="${name}/packages/team*"`, ["team/api", "team/web"]],
  ["a slash as the answer has it", `name="${name}/packages/team%2Fw*"`, ["team/web"]],
  ["an end", `name="*web"`, ["team/web"]],
  ["a middle", `name="${name}/packages/*a*"`, ["app", "team/api", "team/web"]],
  ["two middles in their order", `name="*team*b*"`, ["team/web"]],
  ["a beginning and an end that would overlap", `name="${name}/packages/ap*pp"`, []],
  ["two terms", `name="*/packages/team*" AND name="*api"`, ["team/api"]],
  ["what is not there", `name="nothing"`, []],
  ["annotations, which nothing has", "annotations.external_link:x", []],
  ["nothing", " ", ["app", "team/api", "team/web"]],
];

describe("a filter chooses packages by", () => {
  test.each(packages)("%s", async (_what, filter, wanted) => {
    expect(await list("packages", { filter })).toEqual(wanted);
    expect(await list("packages", { filter, pageSize: "1" })).toEqual(wanted);
    expect(await list("packages", { filter, pageSize: "1", orderBy: "name desc" })).toEqual(wanted.toReversed());
  });
});

describe("a filter chooses", () => {
  const [first, second] = [() => digests[0] ?? "", () => digests[1] ?? ""];
  const rows: [string, string, () => string, () => string[]][] = [
    ["versions", "packages/app/versions", () => `name="*${first().slice(-8)}"`, () => [first()]],
    ["tags by name", "packages/app/tags", () => `name="${name}/packages/app/tags/v*"`, () => ["v1", "v2"]],
    ["tags by version", "packages/app/tags", () => `version="${name}/packages/app/versions/${second()}"`, () => ["v2"]],
    ["tags by a part of it", "packages/app/tags", () => `version="*${second().slice(-8)}"`, () => ["v2"]],
    ["tags by both", "packages/app/tags", () => `name="*v*" AND version="*${first().slice(-8)}"`, () => ["v1"]],
    ["images of a path", "dockerImages", () => `name="*/dockerImages/team*api@*"`, () => [`team/api@${digests[3]}`]],
    ["images by a digest", "dockerImages", () => `name="*${first().slice(-8)}"`, () => [`app@${first()}`]],
  ];
  test.each(rows)("%s", async (_what, path, filter, wanted) => {
    expect(await list(path, { filter: filter() })).toEqual(wanted());
  });

  test("repositories", async () => {
    for (const [filter, count] of [
      [`name="${name}"`, 1],
      [`name="*else"`, 0],
    ] as const) {
      const path = repository.replace(/\/default$/, "");
      const { status, body } = await world.owner(`GET ${path}?filter=${encodeURIComponent(filter)}&orderBy=name`);
      expect([status, body.repositories?.length ?? 0]).toEqual([200, count]);
    }
  });
});

describe("orderBy sorts", () => {
  const inOrder = (...order: number[]) => order.map((index) => digests[index]);
  const rows: [string, string, string, () => (string | undefined)[]][] = [
    ["versions by time", "packages/app/versions", "createTime", () => inOrder(0, 1, 2)],
    ["versions the other way round", "packages/app/versions", "create_time desc", () => inOrder(2, 1, 0)],
    ["versions as gcloud writes it", "packages/app/versions", "UPDATE_TIME asc", () => inOrder(0, 1, 2)],
    ["versions by size", "packages/app/versions", "imageSizeBytes desc", () => inOrder(0, 2, 1)],
    ["versions by name", "packages/app/versions", "name", () => inOrder(0, 1, 2).sort()],
    ["versions by name, backwards", "packages/app/versions", "name desc", () => inOrder(0, 1, 2).sort().reverse()],
    [
      "images",
      "dockerImages",
      "upload_time desc",
      () => ["team/web", "team/api", "app", "app", "app"].map((path, index) => `${path}@${digests[4 - index]}`),
    ],
  ];
  test.each(rows)("%s", async (_what, path, orderBy, wanted) => {
    expect(await list(path, { orderBy })).toEqual(wanted() as string[]);
    expect(await list(path, { orderBy, pageSize: "2" })).toEqual(wanted() as string[]);
  });

  test("those of one time by their names, each once", async () => {
    world.server.clock.now += 60_000;
    const { account, key } = await world.member([["installation", "roles/owner"]]);
    const same = ["f", "g", "h", "i"].map(smallImage);
    for (const [index, image] of same.entries())
      await pushImage(world.server, "shop/same", `t${index}`, image, world.server.accessToken(account, key));
    const wanted = same.map(({ digest }) => digest).sort();
    expect(await list("packages/same/versions", { orderBy: "createTime desc", pageSize: "1" })).toEqual(wanted);
  });
});

describe("what is not understood is refused, so that nobody takes all for some", () => {
  test.each([
    ["packages", "filter", "createTime>2020"],
    ["packages", "filter", 'owner="ada"'],
    ["packages", "filter", 'name:"app"'],
    ["packages", "filter", 'name="a" OR name="b"'],
    ["packages", "filter", 'NOT name="a"'],
    ["packages/app/versions", "filter", 'version="x"'],
    ["packages", "orderBy", "createTime"],
    ["dockerImages", "orderBy", "name sideways"],
    ["dockerImages", "orderBy", "name, uploadTime"],
    ["packages/app/versions", "orderBy", "__proto__"],
  ])("%s: %s=%s", async (path, parameter, value) => {
    const { status } = await world.owner(`GET ${repository}/${path}?${new URLSearchParams({ [parameter]: value })}`);
    expect(status).toBe(400);
  });

  test("a token of another order", async () => {
    const { body } = await world.owner(`GET ${repository}/packages/app/versions?pageSize=1`);
    const query = new URLSearchParams({ pageSize: "1", orderBy: "createTime", pageToken: body.nextPageToken });
    expect((await world.owner(`GET ${repository}/packages/app/versions?${query}`)).status).toBe(400);
  });
});
