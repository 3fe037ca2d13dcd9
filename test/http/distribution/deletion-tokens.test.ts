/** What a registry token must have been made for to delete with it (docs/decisions/0007). */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { bearer } from "../../server.ts";
import { type Registry, startRegistry } from "./exchanges.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.server.close());

const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
const body = '{"schemaVersion":2,"manifests":[]}';

async function deleteWith(
  who: "pusher" | "writer",
  scope: string,
): Promise<{ status: number; challenge: string | null }> {
  const { server, callers } = registry;
  await server.fetch("/v2/my-project/image/manifests/1", {
    method: "PUT",
    headers: { ...headers, ...callers.pusher },
    body,
  });
  const minted = await server.fetch(`/v2/token?scope=${scope}`, { headers: callers[who] });
  const { token } = (await minted.json()) as { token: string };
  const answer = await server.fetch("/v2/my-project/image/manifests/1", { method: "DELETE", headers: bearer(token) });
  return { status: answer.status, challenge: answer.headers.get("www-authenticate") };
}

test.each([
  "repository:my-project/image:delete",
  "repository:my-project/image:push,pull",
  "repository:my-project/image:pull,push,delete",
  "repository:my-project/image:*",
])("a token for %s deletes", async (scope) => {
  expect((await deleteWith("pusher", scope)).status).toBe(202);
});

test.each([
  "repository:my-project/image:pull",
  "repository:my-project/other:push,pull,delete",
  "registry:catalog:*",
  "",
])("a token for %p deletes nothing, and its holder is told what to ask for", async (scope) => {
  const { status, challenge } = await deleteWith("pusher", scope);
  expect(status).toBe(401);
  expect(challenge).toContain('scope="repository:my-project/image:delete",error="insufficient_scope"');
});

test.each([
  "repository:my-project/image:push,pull",
  "repository:my-project/image:delete",
  "repository:my-project/image:*",
])("who may push and not delete is refused with a token for %s", async (scope) => {
  expect((await deleteWith("writer", scope)).status).toBe(403);
});
