/** Callers who are who they say and may not: each refusal says why, tells the client what helps, and leaves nothing behind. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import { basic, bearer } from "../../server.ts";
import { digestOf, type Exchange, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
let before: unknown;
const digest = digestOf("layer");
const body = '{"schemaVersion":2,"manifests":[]}';
const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };

beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/image", "layer");
  await play(registry, [{ send: "PUT /v2/my-project/image/manifests/latest", headers, body, status: 201 }]);
});
afterAll(() => registry.server.close());
beforeEach(async () => {
  before = await remains(registry);
});
afterEach(async () => {
  expect(await remains(registry)).toEqual(before as never);
});

const pulls = [
  "GET /v2/my-project/image/manifests/latest",
  "HEAD /v2/my-project/image/manifests/latest",
  `GET /v2/my-project/image/blobs/${digest}`,
  "GET /v2/my-project/image/tags/list",
];
const pushes = [
  "POST /v2/my-project/image/blobs/uploads/",
  `POST /v2/my-project/image/blobs/uploads/?digest=${digestOf("new")}`,
  `POST /v2/my-project/image/blobs/uploads/?mount=${digest}&from=my-project/image`,
  "PUT /v2/my-project/image/manifests/latest",
  "PUT /v2/my-project/brand-new/manifests/latest",
  `PUT /v2/my-project/image/manifests/${digestOf(body)}`,
];
const deletes = ["DELETE /v2/my-project/image/manifests/latest", `DELETE /v2/my-project/image/blobs/${digest}`];

function exchange(send: string, { code, message, ...rest }: Omit<Exchange, "send">): Exchange {
  // The answer to HEAD says it all in its status.
  const error = send.startsWith("HEAD") ? {} : { ...(code && { code }), ...(message && { message }) };
  return { send, headers, ...(/^(PUT|POST)/.test(send) && { body }), ...rest, ...error };
}
const playAll = (sends: readonly string[], rest: Omit<Exchange, "send">) =>
  play(
    registry,
    sends.map((send) => exchange(send, rest)),
  );

test("who may only read pulls, and neither pushes nor deletes", async () => {
  await playAll(pulls, { as: "reader", status: 200 });
  const denied = { as: "reader", status: 403, code: "DENIED" } as const;
  await playAll(pushes, { ...denied, message: /reader@my-project.*uploadArtifacts.*my-project/ });
  await playAll(deletes, { ...denied, message: /reader@my-project.*(deleteArtifacts|tags\.delete)/ });
});

test("who may write pulls and pushes, and does not delete", async () => {
  await playAll(pulls, { as: "writer", status: 200 });
  await playAll(deletes, { as: "writer", status: 403, code: "DENIED" });
});

test("a scope that only reads pulls, and neither pushes nor deletes, whatever the role", async () => {
  const as = "pusher with a read-only scope";
  await playAll(pulls, { as, status: 200 });
  await playAll([...pushes, ...deletes], {
    as,
    status: 403,
    code: "DENIED",
    message: /scopes do not reach.*devstorage\.read_write/,
  });
});

test("scopes of other things reach nothing here", async () => {
  const as = "pusher with scopes of other things";
  await playAll([...pulls, ...pushes, ...deletes], { as, status: 403, code: "DENIED", message: /scopes do not reach/ });
});

test("who has no role is told the permission, not whether there is anything", async () => {
  await playAll([...pulls, ...pushes, ...deletes], {
    as: "stranger",
    status: 403,
    code: "DENIED",
    message: /or it may not exist/,
  });
});

test("a refusal names identity, permission, resource and reason for machines too", async () => {
  const answer = await registry.server.fetch("/v2/my-project/image/blobs/uploads/", {
    method: "POST",
    headers: registry.callers.reader,
  });
  const { errors } = (await answer.json()) as { errors: { detail: object }[] };
  expect(errors[0]?.detail).toEqual({
    reason: "policy",
    permission: "artifactregistry.repositories.uploadArtifacts",
    resource: "my-project/image",
    principal: "serviceAccount:reader@my-project.iam.waybill.internal",
  });
});

test("nobody is asked to log in, with the scope that the request needs", async () => {
  const realm = 'Bearer realm="http://localhost:5000/v2/token",service="localhost:5000"';
  const ask = (actions: string, repository = "image"): Omit<Exchange, "send"> => ({
    as: "nobody",
    status: 401,
    code: "UNAUTHORIZED",
    gives: { "www-authenticate": `${realm},scope="repository:my-project/${repository}:${actions}"` },
  });
  await playAll(["GET /v2/"], {
    as: "nobody",
    status: 401,
    code: "UNAUTHORIZED",
    gives: { "www-authenticate": realm },
  });
  await playAll(pulls, ask("pull"));
  await playAll(
    pushes.filter((send) => !send.includes("brand-new")),
    ask("pull,push"),
  );
  await playAll(
    pushes.filter((send) => send.includes("brand-new")),
    ask("pull,push", "brand-new"),
  );
  await playAll(deletes, ask("delete"));
});

test.each([
  ["pull", pushes, "pull,push"],
  ["pull", deletes, "delete"],
  ["push", pulls, "pull"],
])("a token that was made for %s alone is told the whole scope it lacks", async (actions, sends, lacking) => {
  const { pusher } = registry.accounts;
  const accessToken = registry.server.accessToken(pusher.account, pusher.key, [scope.cloudPlatform]);
  const answer = await registry.server.fetch(`/v2/token?scope=repository:my-project/image:${actions}`, {
    headers: basic("oauth2accesstoken", accessToken),
  });
  const { token } = (await answer.json()) as { token: string };
  const gives = {
    "www-authenticate": new RegExp(
      `scope="repository:my-project/(image|brand-new):${lacking}",error="insufficient_scope"$`,
    ),
  };
  for (const send of sends) {
    await play(registry, [
      {
        ...exchange(send, { status: 401, code: "UNAUTHORIZED", gives }),
        as: "nobody",
        headers: { ...headers, ...bearer(token) },
      },
    ]);
  }
});

test("a token that was made for a repository does not list the catalog", async () => {
  const { pusher } = registry.accounts;
  const credentials = basic("oauth2accesstoken", registry.server.accessToken(pusher.account, pusher.key));
  const tokenFor = async (scope: string) => {
    const answer = await registry.server.fetch(`/v2/token?scope=${scope}`, { headers: credentials });
    return bearer(((await answer.json()) as { token: string }).token);
  };
  const gives = { "www-authenticate": /scope="registry:catalog:\*",error="insufficient_scope"$/ };
  const narrow = await tokenFor("repository:my-project/image:pull,push");
  const send = "GET /v2/_catalog";
  await play(registry, [
    { send, as: "nobody", headers: narrow, status: 401, code: "UNAUTHORIZED", gives },
    {
      send,
      as: "nobody",
      headers: await tokenFor("registry:catalog:*"),
      status: 200,
      json: { repositories: ["my-project/image"] },
    },
    { send, status: 200, json: { repositories: ["my-project/image"] } },
    { send, as: "stranger", status: 200, json: { repositories: [] } },
  ]);
});
