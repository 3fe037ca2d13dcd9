/** docs/decisions/0011: what gcloud asks for is enough to delete, for those who may. GHSA-qg67-7m6v-qg25 is the other way round. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import type { ProjectRow } from "../../../src/storage/metadata/projects.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

const image = smallImage("a");
let server: TestServer;
let project: ProjectRow;
let pusher: string;

beforeAll(async () => {
  server = await startTestServer();
  project = await server.project("demo");
  const { account, key } = await server.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
  pusher = server.accessToken(account, key);
});
afterAll(() => server.close());

async function pushToken(name: string, role: string, scopes: string[] = [scope.cloudPlatform]) {
  const { account, key } = await server.account(project, name, [[`project/${project.id}`, role]]);
  const password = basic("oauth2accesstoken", server.accessToken(account, key, scopes));
  const answer = await server.fetch("/v2/token?scope=repository:demo/app:push,pull", { headers: password });
  return { account, ...((await answer.json()) as { token: string; scope: string }) };
}

const remove = async (token: string, reference: string) => {
  await pushImage(server, "demo/app", "going", image, pusher);
  return await server.fetch(`/v2/demo/app/manifests/${reference}`, { method: "DELETE", headers: bearer(token) });
};

test.each(["going", image.digest])(
  "an account that may delete does so with a token for pushing: %s",
  async (reference) => {
    const { token, scope: granted } = await pushToken(`admin-${reference.length}`, "roles/artifactregistry.repoAdmin");
    expect(granted).toBe("repository:demo/app:push,pull,delete");
    expect((await remove(token, reference)).status).toBe(202);
  },
);

test.each(["going", image.digest])("a writer's token for pushing deletes nothing: %s", async (reference) => {
  const { token, scope: granted } = await pushToken(`writer-${reference.length}`, "roles/artifactregistry.writer");
  expect(granted).toBe("repository:demo/app:push,pull");
  expect((await remove(token, reference)).status).toBe(403);
});

test("a token for pulling deletes nothing, whoever holds it", async () => {
  const { account, key } = await server.account(project, "puller", [[`project/${project.id}`, "roles/owner"]]);
  const password = basic("oauth2accesstoken", server.accessToken(account, key));
  const answer = await server.fetch("/v2/token?scope=repository:demo/app:pull", { headers: password });
  const { token } = (await answer.json()) as { token: string };
  expect((await remove(token, image.digest)).status).toBe(401);
});

test("the door decides anew: a role that is taken away takes deleting along, whatever the token says", async () => {
  const { token, account } = await pushToken("changing", "roles/artifactregistry.repoAdmin");
  const { bindings } = await server.policies.get(`project/${project.id}`);
  const member = `serviceAccount:${account.email}`;
  const without = bindings.map(({ role, members }) => ({ role, members: members.filter((each) => each !== member) }));
  const writer = { role: "roles/artifactregistry.writer", members: [member] };
  await server.policies.set(`project/${project.id}`, { bindings: [...without, writer] });
  expect((await remove(token, image.digest)).status).toBe(403);
});
