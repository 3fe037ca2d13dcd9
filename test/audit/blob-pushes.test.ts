import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BlobPushes } from "../../src/audit/blob-pushes.ts";
import { digestOf as digestOfBytes } from "../../src/registry/digest.ts";
import { startWorld, type World } from "../http/google/exchange.ts";
import { bearer } from "../server.ts";

/** Blobs that are pushed, mounted and given up are in the log, and an image of many layers does not fill it. */
let world: World;
let token: string;
let principal: string;
beforeAll(async () => {
  world = await startWorld();
  const { account, key } = await world.member([[`project/${world.shop.id}`, "roles/artifactregistry.repoAdmin"]]);
  token = world.server.accessToken(account, key);
  principal = `serviceAccount:${account.email}`;
});
afterAll(() => world.server.close());

const send = (method: string, path: string, body?: string) =>
  world.server.fetch(path, { method, headers: bearer(token), ...(body !== undefined && { body }) });
async function entries(repository: string): Promise<Record<string, unknown>[]> {
  await world.server.audit.flush();
  const rows = await world.server.metadata.read.selectFrom("audit_entries").select("entry").orderBy("id").execute();
  return rows.map(({ entry }) => JSON.parse(entry)).filter((entry) => entry.repository === repository);
}
const digestOf = (text: string) => digestOfBytes(Buffer.from(text));
const from = { address: "127.0.0.1" };

describe("the audit log has", () => {
  test("a blob that was pushed whole, and one that came in parts", async () => {
    const [whole, parts] = [digestOf("whole"), digestOf("in parts")];
    const path = "/v2/shop/blobs/blobs/uploads/";
    expect((await send("POST", `${path}?digest=${whole}`, "whole")).status).toBe(201);
    const upload = (await send("POST", path)).headers.get("location") ?? "";
    expect((await send("PATCH", upload, "in ")).status).toBe(202);
    expect((await send("PUT", `${upload}?digest=${parts}`, "parts")).status).toBe(201);
    expect((await send("POST", `${path}?digest=${whole}`, "whole")).status).toBe(201);
    const about = await entries("shop/blobs");
    // On a slow machine they are not at the same time.
    expect(new Set(about.flatMap(({ digests }) => digests))).toEqual(new Set([whole, parts]));
    const each = { kind: "blob.pushed", who: { principal }, from, project: world.shop.id };
    expect(about).toMatchObject(about.map(() => each));
  });

  test("a blob that was mounted, and from where; one that could not be is none", async () => {
    const digest = digestOf("mounted");
    await send("POST", `/v2/shop/source/blobs/uploads/?digest=${digest}`, "mounted");
    const mount = (wanted: string) => `/v2/shop/target/blobs/uploads/?mount=${wanted}&from=shop/source`;
    expect((await send("POST", mount(digest))).status).toBe(201);
    expect((await send("POST", mount(digestOf("missing")))).status).toBe(202);
    expect(await entries("shop/target")).toMatchObject([
      { kind: "blob.pushed", digests: [digest], mountedFrom: "shop/source", who: { principal }, from },
    ]);
  });

  test("a blob that was deleted, and an upload that was given up", async () => {
    const digest = digestOf("gone");
    await send("POST", `/v2/shop/gone/blobs/uploads/?digest=${digest}`, "gone");
    expect((await send("DELETE", `/v2/shop/gone/blobs/${digest}`)).status).toBe(202);
    const upload = (await send("POST", "/v2/shop/gone/blobs/uploads/")).headers.get("location") ?? "";
    expect((await send("DELETE", upload)).status).toBe(204);
    const kinds = (await entries("shop/gone")).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(["blob.pushed", "image.deleted", "upload.cancelled"]);
  });

  test("nothing of a blob that was not what it should be", async () => {
    const path = `/v2/shop/wrong/blobs/uploads/?digest=${digestOf("right")}`;
    expect((await send("POST", path, "wrong")).status).toBe(400);
    expect(await entries("shop/wrong")).toEqual([]);
  });

  test("them under their digests, for whoever looks for one", async () => {
    const filter = encodeURIComponent(`kind=blob.pushed AND digests:${digestOf("whole")}`);
    const { body } = await world.owner(`GET /v1/logEntries?filter=${filter}`);
    expect(new Set(body.entries.map(({ repository }: { repository: string }) => repository))).toEqual(
      new Set(["shop/blobs"]),
    );
  });
});

describe("BlobPushes", () => {
  const push = (change: object = {}) => ({
    repository: "a/b",
    digest: "sha256:1",
    who: { principal: "p", id: "p", credential: "access token" },
    from: { address: "10.0.0.1", agent: "docker/28" },
    ...change,
  });

  test.each([
    ["another repository", { repository: "a/c" }],
    ["another sender", { who: { principal: "q", id: "q", credential: "access token" } }],
    ["another key of the sender", { who: { principal: "p", id: "p", credential: "access token", key: "k" } }],
    ["another place", { from: { address: "10.0.0.2", agent: "docker/28" } }],
    ["mounting", { mountedFrom: "a/d" }],
  ])("keeps %s apart", (_what, change) => {
    const pushes = new BlobPushes();
    expect([pushes.add(push()), pushes.add(push(change)), pushes.add(push())]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(pushes.waiting).toBe(2);
    expect(pushes.take()).toHaveLength(2);
    expect([pushes.waiting, pushes.take()]).toEqual([0, []]);
  });

  test("closes an entry at a hundred blobs, and loses none", () => {
    const pushes = new BlobPushes();
    const events = Array.from({ length: 250 }, (_, index) => pushes.add(push({ digest: `sha256:${index}` })));
    const full = [...events.filter((event) => event !== undefined), ...pushes.take()];
    const digests = full.map((event) => (event.kind === "blob.pushed" ? event.digests : []));
    expect(digests.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(new Set(digests.flat()).size).toBe(250);
  });
});
