import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/registry/digest.ts";
import { descriptor, pushBlob, pushImage, smallImage } from "../../registry/small-image.ts";
import { bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
let token: string;
const image = smallImage("subject");
const type = "application/vnd.oci.image.manifest.v1+json";
const subject = descriptor(type, image.manifest);

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("demo");
  const owner = await server.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
  token = server.accessToken(owner.account, owner.key);
  await pushImage(server, "demo/app", "1", image, token);
  await pushBlob(server, "demo/app", Buffer.from("{}"), token);
});
afterAll(() => server.close());

const get = (path: string) => server.fetch(path, { headers: bearer(token) });
const put = async (manifest: object, of = subject) => {
  const config = { ...descriptor("application/vnd.oci.empty.v1+json", Buffer.from("{}")) };
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [config], subject: of, ...manifest }),
  );
  const answer = await server.fetch(`/v2/demo/app/manifests/${digestOf(body)}`, {
    method: "PUT",
    headers: { ...bearer(token), "content-type": type },
    body,
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("oci-subject")).toBe(of.digest);
  return digestOf(body) as string;
};
interface Listing {
  mediaType: string;
  schemaVersion: number;
  manifests: { digest: string; artifactType?: string; annotations?: object; mediaType: string; size: number }[];
}
const list = async (path: string) => {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/vnd.oci.image.index.v1+json");
  return { answer, body: (await answer.json()) as Listing };
};

describe("the referrers of a manifest", () => {
  test("are an empty index where nothing refers to it, or it is not there", async () => {
    for (const digest of [image.digest, digestOf(Buffer.from("nothing"))]) {
      const { body } = await list(`/v2/demo/app/referrers/${digest}`);
      expect(body).toEqual({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] });
    }
  });

  test("are listed with type, annotations and size, and filtered by type", async () => {
    const signature = await put({ artifactType: "test/signature", annotations: { by: "me" } });
    const sbom = await put({ artifactType: "test/sbom" });
    const untyped = await put({});
    const { body } = await list(`/v2/demo/app/referrers/${image.digest}`);
    expect(body.manifests.map(({ digest }) => digest)).toEqual([signature, sbom, untyped].sort());
    expect(body.manifests.find(({ digest }) => digest === signature)).toMatchObject({
      mediaType: type,
      artifactType: "test/signature",
      annotations: { by: "me" },
      size: expect.any(Number),
    });
    expect(body.manifests.find(({ digest }) => digest === untyped)?.artifactType).toBe(
      "application/vnd.oci.empty.v1+json",
    );
    const filtered = await list(`/v2/demo/app/referrers/${image.digest}?artifactType=test/sbom`);
    expect(filtered.answer.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(filtered.body.manifests.map(({ digest }) => digest)).toEqual([sbom]);
  });

  test("are there before their subject is", async () => {
    const later = descriptor(type, Buffer.from("comes later"));
    const early = await put({ artifactType: "test/early" }, later);
    const { body } = await list(`/v2/demo/app/referrers/${later.digest}`);
    expect(body.manifests.map(({ digest }) => digest)).toEqual([early]);
  });

  test("come in pages, each linking to the next", async () => {
    const crowded = descriptor(type, Buffer.from("crowded"));
    const pushed: string[] = [];
    for (let index = 0; index < 230; index++)
      pushed.push(await put({ artifactType: "test/many", annotations: { index: `${index}` } }, crowded));
    const found: string[] = [];
    let pages = 0;
    for (
      let path: string | undefined = `/v2/demo/app/referrers/${crowded.digest}?artifactType=test/many`;
      path;
      pages++
    ) {
      const { answer, body } = await list(path);
      found.push(...body.manifests.map(({ digest }) => digest));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    expect(pages).toBe(3);
    expect(found).toEqual(pushed.sort());
  });

  test("are refused for a digest that is none", async () => {
    expect((await get("/v2/demo/app/referrers/latest")).status).toBe(400);
  });
});

describe("a manifest pushed by digest with tags", () => {
  const pushTagged = (query: string) =>
    server.fetch(`/v2/demo/app/manifests/${image.digest}?${query}`, {
      method: "PUT",
      headers: { ...bearer(token), "content-type": type },
      body: image.manifest,
    });

  test("has them all, and the answer says so", async () => {
    const answer = await pushTagged("tag=a&tag=b&tag=c");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("oci-tag")).toBe("a, b, c");
    for (const tag of ["a", "b", "c"]) {
      expect((await get(`/v2/demo/app/manifests/${tag}`)).headers.get("docker-content-digest")).toBe(image.digest);
    }
  });

  test("has none of them where one cannot be", async () => {
    expect((await pushTagged("tag=good&tag=-bad")).status).toBe(400);
    expect((await get("/v2/demo/app/manifests/good")).status).toBe(404);
    expect((await pushTagged(Array.from({ length: 51 }, (_, index) => `tag=t${index}`).join("&"))).status).toBe(400);
  });
});
