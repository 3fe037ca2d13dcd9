import { afterAll, beforeAll, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import { basic, bearer } from "../../server.ts";
import { digestOf, type Exchange, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/source", "mine");
  await pushBlobs(registry, "other-project/source", "theirs");
  await pushBlobs(registry, "other-project/hidden", "hidden");
});
afterAll(() => registry.server.close());

const mine = digestOf("mine");
const theirs = digestOf("theirs");
const mount = (digest: string, from: string) =>
  `POST /v2/my-project/target/blobs/uploads/?mount=${digest}&from=${from}`;
const refused: Partial<Exchange> = {
  status: 202,
  gives: { location: /^\/v2\/my-project\/target\/blobs\/uploads\/[0-9a-f]{32}$/, range: "0-0" },
};

/** distribution-spec: Mounting a blob from another repository. A refusal reads as "not there": the client uploads. */
test.each([
  ["of another repository of the project", mount(mine, "my-project/source"), "pusher", mine],
  ["of a project that the pusher may read", mount(theirs, "other-project/source"), "both", theirs],
  ["that the repository has already", mount(mine, "my-project/source"), "pusher", mine],
  ["of the repository itself", mount(mine, "my-project/target"), "pusher", mine],
] as const)("mounts a blob %s", async (_, send, as, digest) => {
  const at = `/v2/my-project/target/blobs/${digest}`;
  const before = await remains(registry);
  await play(registry, [
    { send, as, status: 201, gives: { location: at, "docker-content-digest": digest }, bytes: "" },
    { send: `GET ${at}`, as, status: 200, bytes: digest === mine ? "mine" : "theirs" },
  ]);
  const { uploads, objects, files } = before;
  expect(await remains(registry)).toMatchObject({ uploads, objects, files });
});

test.each([
  ["the pusher may not read the source", mount(theirs, "other-project/source"), "pusher"],
  ["the source does not have the blob", mount(digestOf("absent"), "my-project/source"), "pusher"],
  ["another repository has the blob, the source does not", mount(theirs, "my-project/source"), "both"],
  ["there is no such source", mount(mine, "my-project/absent"), "pusher"],
  ["there is no such project", mount(mine, "absent/absent"), "pusher"],
  [
    "no source is named and no repository that the pusher may read has it",
    `POST /v2/my-project/target2/blobs/uploads/?mount=${digestOf("hidden")}`,
    "pusher",
  ],
] as const)("opens an upload where %s", async (_, send, as) => {
  const target = send.split("/")[3];
  const location = await play(registry, [
    {
      send,
      as,
      ...refused,
      gives: { ...refused.gives, location: new RegExp(`^/v2/my-project/${target}/blobs/uploads/`) },
    } as Exchange,
  ]);
  await play(registry, [{ send: `DELETE ${location}`, as, status: 204 }]);
});

test("mounts a blob without a source from wherever the pusher may read it, whatever the token names", async () => {
  const { pusher } = registry.accounts;
  const access = registry.server.accessToken(pusher.account, pusher.key, [scope.storageReadWrite]);
  const answer = await registry.server.fetch("/v2/token?scope=repository:my-project/found:pull,push", {
    headers: basic("oauth2accesstoken", access),
  });
  const { token } = (await answer.json()) as { token: string };
  const send = `POST /v2/my-project/found/blobs/uploads/?mount=${mine}`;
  await play(registry, [{ send, as: "nobody", headers: bearer(token), status: 201 }]);
});

test("a token that was made for the target alone is asked to come back with both, and one made for both mounts", async () => {
  const { both } = registry.accounts;
  const accessToken = registry.server.accessToken(both.account, both.key, [scope.storageReadWrite]);
  const tokenFor = async (...scopes: string[]) => {
    const query = scopes.map((each) => `scope=${encodeURIComponent(each)}`).join("&");
    const answer = await registry.server.fetch(`/v2/token?${query}`, {
      headers: basic("oauth2accesstoken", accessToken),
    });
    const { token } = (await answer.json()) as { token: string };
    return bearer(token);
  };
  const target = "repository:my-project/fresh:pull,push";
  const send = mount(theirs, "other-project/source").replace("target", "fresh");
  const narrow = await tokenFor(target);
  const wide = await tokenFor(target, "repository:other-project/source:pull");
  const wholeScope =
    /scope="repository:my-project\/fresh:pull,push repository:other-project\/source:pull",error="insufficient_scope"$/;
  await play(registry, [
    {
      send,
      as: "nobody",
      headers: narrow,
      status: 401,
      code: "UNAUTHORIZED",
      gives: { "www-authenticate": wholeScope },
    },
    { send, as: "nobody", headers: wide, status: 201 },
  ]);
});

test("a mount asks for push on the target first", async () => {
  await play(registry, [
    { send: mount(mine, "my-project/source"), as: "reader", status: 403, code: "DENIED" },
    { send: mount(mine, "my-project/source"), as: "nobody", status: 401, code: "UNAUTHORIZED" },
    { send: mount("sha256:short", "my-project/source"), status: 400, code: "DIGEST_INVALID" },
  ]);
});
