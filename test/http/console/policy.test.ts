import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { csrfToken } from "../../../src/http/console/csrf.ts";
import { startTestServer, type TestServer } from "../../server.ts";
import { fillShop, signIn } from "./shop.ts";

let server: TestServer;
let shop: Awaited<ReturnType<typeof fillShop>>;
let cookie: string;
const puller = "serviceAccount:puller@shop.iam.waybill.internal";
const deployer = "serviceAccount:deployer@shop.iam.waybill.internal";
const alice = { kind: "user", name: "alice@example.com", role: "roles/artifactregistry.writer" };

beforeAll(async () => {
  server = await startTestServer();
  shop = await fillShop(server);
  const owner = [[`project/${shop.project.id}`, "roles/owner"]] as const;
  ({ value: cookie } = await signIn(server, "olga@example.com", [...owner] as never));
});
afterAll(() => server.close());

async function send(path: string, fields: Record<string, string>) {
  const answer = await server.fetch(`/console/projects/shop/access${path}`, {
    method: "POST",
    headers: { cookie: `waybill=${cookie}` },
    body: new URLSearchParams({ ...fields, csrf: csrfToken(cookie) }),
  });
  return { status: answer.status, text: await answer.text() };
}

/** The fields of the form on a preview: sending them makes the change. */
async function preview(fields: Record<string, string>) {
  const { status, text } = await send("/preview", fields);
  expect(status).toBe(200);
  const form = text.slice(text.indexOf('action="/console/projects/shop/access/change"'));
  const inputs = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  return { text, fields: Object.fromEntries(inputs.map(([, name = "", value = ""]) => [name, value])) };
}

const members = async (role: string) => {
  const { bindings } = await server.policies.get(`project/${shop.project.id}`, 3);
  return bindings.filter((each) => each.role === role).flatMap((each) => each.members);
};

describe("a change to a policy", () => {
  test("is shown before it is made, and made as it was shown", async () => {
    const { text, fields } = await preview({ act: "add", ...alice });
    expect(text).toContain("user:alice@example.com");
    expect(text).toContain("<code>artifactregistry.repositories.uploadArtifacts</code>");
    expect(await members(alice.role)).toEqual([]);
    expect((await send("/change", fields)).status).toBe(303);
    expect(await members(alice.role)).toEqual(["user:alice@example.com"]);
  });

  test("that changes nothing says so", async () => {
    const { text } = await preview({ act: "add", ...alice });
    expect(text).toContain("Nothing would change");
  });

  test("is not made where somebody else changed the policy meanwhile", async () => {
    const { fields } = await preview({ act: "add", ...alice, role: "roles/viewer" });
    await server.grant(`project/${shop.project.id}`, "allAuthenticatedUsers", "roles/artifactregistry.reader");
    const { status, text } = await send("/change", fields);
    expect(status).toBe(409);
    expect(text).toContain("concurrent policy changes");
    expect(await members("roles/viewer")).toEqual([]);
  });

  test("takes away one member of one binding, and leaves conditions alone", async () => {
    const key = `project/${shop.project.id}` as const;
    const { etag, bindings } = await server.policies.get(key, 3);
    const condition = { title: "until noon", expression: "request.time < timestamp('2030-01-01T00:00:00Z')" };
    const more = { role: alice.role, members: ["user:alice@example.com", puller], condition };
    await server.policies.set(key, { etag, version: 3, bindings: [...bindings, more] });
    const member = "user:alice@example.com";
    const { fields } = await preview({ act: "remove", member, role: alice.role, condition: "until noon" });
    expect((await send("/change", fields)).status).toBe(303);
    const after = (await server.policies.get(key, 3)).bindings.filter(({ role }) => role === alice.role);
    expect(after).toEqual([
      { ...more, members: [puller], condition: expect.objectContaining(condition) },
      { role: alice.role, members: [member] },
    ]);
  });

  test("says what was done in the last month and would be refused", async () => {
    const { text } = await preview({ act: "remove", member: deployer, role: "roles/storage.admin" });
    expect(text).toContain("would be refused");
    expect(text).toContain("<code>artifactregistry.repositories.uploadArtifacts</code>");
    const harmless = await preview({ act: "remove", member: puller, role: "roles/artifactregistry.reader" });
    expect(harmless.text).toContain("Nothing that was done in the last 30 days would be refused");
  });

  test("warns whoever would lock themselves, or everybody, out", async () => {
    const { text } = await preview({ act: "remove", member: "user:olga@example.com", role: "roles/owner" });
    expect(text).toContain("Nobody would own this project");
  });

  test("can be for one image, and needs its own permission there", async () => {
    const { text, fields } = await preview({ act: "add", ...alice, image: "app" });
    expect(text).toContain("shop/app");
    expect((await send("/change", fields)).status).toBe(303);
    const id = await server.metadata.hot.repositoryId("default", shop.project.id, "app");
    expect((await server.policies.get(`repository/${id}`)).bindings).toEqual([
      { role: alice.role, members: ["user:alice@example.com"] },
    ]);
    expect((await send("/preview", { act: "add", ...alice, image: "nowhere" })).status).toBe(404);
  });

  test("is in the log, and its preview is not", async () => {
    const read = async () => {
      const { lines } = await server.audit.read({ projectId: shop.project.id, newestFirst: true, limit: 500 });
      return lines.filter(({ entry }) => String(entry.method).includes("/access/"));
    };
    const before = (await read()).length;
    const { fields } = await preview({ act: "add", ...alice, role: "roles/artifactregistry.reader" });
    expect((await read()).length).toBe(before);
    await send("/change", fields);
    expect((await read()).length).toBe(before + 1);
  });
});
