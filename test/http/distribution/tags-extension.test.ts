/** What Google's registries add to a tag listing: images with their tags, and what lies below (docs/decisions/0006). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { locationKey } from "../../../src/access/resource.ts";
import { scope } from "../../../src/identity/scopes.ts";
import { parseProjectPath } from "../../../src/registry/project-path.ts";
import { descriptor, pushBlob, pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
const tokens: Record<string, string> = {};
const [one, two] = [smallImage("one"), smallImage("two")];
const pushedAt = Date.UTC(2026, 10, 23, 12);

beforeAll(async () => {
  server = await startTestServer({ hosts: ["gcr.io", "eu.gcr.io"], tls: true });
  const [alpha, domain] = [await server.project("alpha"), await server.project("example.com:beta")];
  await server.project("empty");
  const add = async (name: string, resource: string, role: string, scopes: string[] = [scope.cloudPlatform]) => {
    const { account, key } = await server.account(alpha, name, resource ? [[resource as "installation", role]] : []);
    tokens[name] = server.accessToken(account, key, scopes);
  };
  await add("owner", "installation", "roles/owner");
  const push = (name: string, tag: string, image = one, host = "gcr.io") =>
    pushImage(at(host), name, tag, image, tokens.owner as string);
  for (const name of ["alpha/app", "alpha/app/worker", "alpha/app/worker/deep", "alpha/app-two", "alpha/team/a"])
    await push(name, "1");
  await push("alpha/app", "latest");
  await push("alpha/app", "2", two);
  await push("alpha/app", "latest", two);
  await push("example.com/beta/x", "1");
  await push("alpha/europe", "1", one, "eu.gcr.io");
  const single = (await server.metadata.hot.repositoryId("gcr.io", alpha.id, "team/a")) as string;
  await add("alpha", `project/${alpha.id}`, "roles/artifactregistry.reader");
  await add("domain", `project/${domain.id}`, "roles/artifactregistry.reader");
  await add("single", `repository/${single}`, "roles/artifactregistry.reader");
  await add("europe", locationKey("eu.gcr.io", alpha.id), "roles/storage.legacyBucketReader");
  await add("nobody", "", "");
  await add("narrow", `project/${alpha.id}`, "roles/artifactregistry.reader", [scope.iam]);
});
afterAll(() => server.close());

const at = (host: string) => ({
  fetch: (path: string, init?: RequestInit) => server.fetch(`https://${host}${path}`, init),
});

async function list(name: string, who = "owner", query = "", host = "gcr.io") {
  const answer = await at(host).fetch(`/v2/${name}/tags/list${query}`, { headers: bearer(tokens[who] as string) });
  return { status: answer.status, link: answer.headers.get("link"), body: (await answer.json()) as Listing };
}
type Listing = { child?: string[]; manifest?: Record<string, unknown>; tags?: string[]; errors?: { code: string }[] };

const image = (of: typeof one, ...tag: string[]) => ({
  imageSizeBytes: String(of.blobs.reduce((sum, { byteLength }) => sum + byteLength, 0)),
  layerId: "",
  mediaType: of.mediaType,
  tag,
  timeCreatedMs: String(pushedAt),
  timeUploadedMs: String(pushedAt),
});

describe("a repository's listing", () => {
  test("has every image with its tags, every number a text, and the names next below", async () => {
    expect(await list("alpha/app")).toEqual({
      status: 200,
      link: null,
      body: {
        child: ["worker"],
        manifest: { [one.digest]: image(one, "1"), [two.digest]: image(two, "2", "latest") },
        name: "alpha/app",
        tags: ["1", "2", "latest"],
      } as never,
    });
  });

  test.each(["?n=1", "?n=2", "?n=1&last=1", "?last=1", "?last=latest", "?n=0"])(
    "is nothing but tags where it is a page of several: %s",
    async (query) => {
      const { body } = await list("alpha/app", "owner", query);
      expect(Object.keys(body)).toEqual(["name", "tags"]);
    },
  );

  test("is nothing but tags where there are more images than were asked for, so that no image is missed", async () => {
    for (const content of ["a", "b", "c"])
      await pushImage(at("gcr.io"), "alpha/untagged", "1", smallImage(content), tokens.owner as string);
    expect(Object.keys((await list("alpha/untagged", "owner", "?n=2")).body)).toEqual(["name", "tags"]);
    expect(Object.keys((await list("alpha/untagged", "owner", "?n=3")).body.manifest ?? {})).toHaveLength(3);
  });

  test("of more images than are read in one go has them all", async () => {
    const name = "alpha/many";
    await pushImage(at("gcr.io"), name, "1", one, tokens.owner as string);
    const id = (await server.metadata.hot.repositoryId(
      "gcr.io",
      (await server.metadata.hot.projectId("alpha")) as string,
      "many",
    )) as string;
    const template = await server.metadata.read
      .selectFrom("manifests")
      .selectAll()
      .where("repository_id", "=", id)
      .executeTakeFirstOrThrow();
    await server.metadata.write(async (write) => {
      for (let index = 0; index < 2000; index++)
        await write
          .insertInto("manifests")
          .values({ ...template, digest: `sha256:${String(index).padStart(64, "0")}` })
          .execute();
    });
    expect(Object.keys((await list(name, "owner", "?n=10000")).body.manifest ?? {})).toHaveLength(2001);
    expect((await list(name)).body.manifest).toBeUndefined();
  });

  test("shows below a repository what the caller may list and nothing else", async () => {
    const { body } = await list("alpha/team/a", "single");
    expect(body.child).toEqual([]);
    expect((await list("alpha/app", "alpha")).body.child).toEqual(["worker"]);
  });
});

describe("the time an image was made", () => {
  const timeOf = async (created: unknown, type = "application/vnd.oci.image.config.v1+json") => {
    const name = `alpha/times/${Bun.randomUUIDv7()}`;
    const config = Buffer.from(JSON.stringify({ created }));
    await pushBlob(at("gcr.io"), name, config, tokens.owner as string);
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: descriptor(type, config), layers: [] }));
    await pushImage(at("gcr.io"), name, "1", { ...one, blobs: [], manifest }, tokens.owner as string);
    const [listed] = Object.values((await list(name)).body.manifest ?? {}) as { timeCreatedMs: string }[];
    return listed?.timeCreatedMs;
  };

  test.each([
    ["2020-01-01T00:00:00Z", "1577836800000"],
    ["2020-01-01T00:00:00.123456789+01:00", "1577833200123"],
    ["1970-01-01T00:00:00Z", "0"],
    ["0001-01-01T00:00:00Z", "-62135596800000"],
  ])("is what its configuration says: %s", async (created, expected) => {
    expect(await timeOf(created)).toBe(expected);
    expect(await timeOf(created, "application/vnd.docker.container.image.v1+json")).toBe(expected);
  });

  test.each([undefined, null, 0, "", "yesterday", "999999-99-99T00:00:00Z", {}])(
    "is the time of its push where it says %p",
    async (created) => {
      expect(await timeOf(created)).toBe(String(pushedAt));
    },
  );

  test("is the time of its push where its configuration is of another kind", async () => {
    expect(await timeOf("2020-01-01T00:00:00Z", "application/vnd.example.config.v1+json")).toBe(String(pushedAt));
  });
});

describe("the listing of a project, or of a path on the way to a repository", () => {
  test("has no tags and no images, but the names next below", async () => {
    const { status, body } = await list("alpha", "alpha");
    expect(status).toBe(200);
    expect(body).toEqual({ child: expect.any(Array), manifest: {}, name: "alpha", tags: [] } as never);
    expect(body.child).toContain("app");
    expect(body.child).toContain("app-two");
    expect(body.child?.filter((name) => name === "app")).toHaveLength(1);
  });

  test.each([
    ["alpha", "single", "gcr.io", ["team"]],
    ["alpha", "europe", "eu.gcr.io", ["europe"]],
    ["example.com/beta", "domain", "gcr.io", ["x"]],
    ["example.com/beta", "owner", "gcr.io", ["x"]],
    ["empty", "owner", "gcr.io", []],
    ["example.com/beta", "owner", "eu.gcr.io", []],
    ["alpha/team", "owner", "gcr.io", ["a"]],
    ["alpha/team", "alpha", "gcr.io", ["a"]],
    ["alpha/team", "single", "gcr.io", ["a"]],
  ])("of %s shows %s at %s just what they may list", async (project, who, host, expected) => {
    expect((await list(project, who, "", host)).body.child).toEqual(expected);
  });

  test.each([
    ["alpha/team", "nobody", "gcr.io"],
    ["alpha/app", "single", "gcr.io"],
    ["alpha", "nobody", "gcr.io"],
    ["absent", "nobody", "gcr.io"],
    ["absent", "alpha", "gcr.io"],
    ["alpha", "europe", "gcr.io"],
    ["alpha", "domain", "gcr.io"],
    ["alpha", "narrow", "gcr.io"],
  ])("of %s is refused to %s at %s, whether or not there is one", async (project, who, host) => {
    const { status, body } = await list(project, who, "", host);
    expect(status).toBe(403);
    expect(body.errors?.[0]?.code).toBe("DENIED");
  });

  test("that does not exist is unknown to those who see every project", async () => {
    const { status, body } = await list("absent", "owner");
    expect({ status, code: body.errors?.[0]?.code }).toEqual({ status: 404, code: "NAME_UNKNOWN" });
  });

  test("is read with the token that the challenge asks for, and with no other", async () => {
    const asked = await at("gcr.io").fetch("/v2/alpha/tags/list");
    expect(asked.status).toBe(401);
    expect(asked.headers.get("www-authenticate")).toContain('scope="repository:alpha:pull"');
    for (const who of ["alpha", "single"]) {
      const use = async (wanted: string) => {
        const credentials = basic("oauth2accesstoken", tokens[who] as string);
        const minted = await at("gcr.io").fetch(`/v2/token?scope=${wanted}`, { headers: credentials });
        const { token } = (await minted.json()) as { token: string };
        return await at("gcr.io").fetch("/v2/alpha/tags/list", { headers: bearer(token) });
      };
      expect((await use("repository:alpha:pull")).status).toBe(200);
      const other = await use("repository:alpha/app:pull");
      expect(other.status).toBe(401);
      expect(other.headers.get("www-authenticate")).toContain(
        'scope="repository:alpha:pull",error="insufficient_scope"',
      );
    }
  });

  test("can be asked for with GET and HEAD", async () => {
    const headers = bearer(tokens.owner as string);
    expect((await at("gcr.io").fetch("/v2/alpha/tags/list", { method: "HEAD", headers })).status).toBe(200);
    expect((await at("gcr.io").fetch("/v2/alpha/tags/list", { method: "POST", headers })).status).toBe(405);
  });
});

test.each([
  ["alpha", "alpha"],
  ["a-b_c", "a-b_c"],
  ["example.com/beta", "example.com:beta"],
  ["example.com", undefined],
  ["alpha/app", undefined],
  ["example.com/beta/x", undefined],
  ["Alpha", undefined],
  ["example..com/beta", undefined],
  ["a".repeat(256), undefined],
  ["", undefined],
  ["example.com/", undefined],
])("parseProjectPath reads %p as %p", (path, project) => {
  expect(parseProjectPath(path, "gcr.io")?.project).toBe(project as string);
});
