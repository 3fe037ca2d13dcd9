import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Exchange, play, type Registry, startRegistry } from "./exchanges.ts";

let registry: Registry;
const inOrder = ["1.0", "1.0-rc", "Latest", "_x", "latest", "v1", "v10", "v2"];

beforeAll(async () => {
  registry = await startRegistry();
  const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
  const body = '{"schemaVersion":2,"manifests":[]}';
  for (const tag of inOrder.toReversed()) {
    await play(registry, [{ send: `PUT /v2/my-project/image/manifests/${tag}`, headers, body, status: 201 }]);
  }
  await play(registry, [
    { send: "PUT /v2/my-project/untagged/manifests/once", headers, body, status: 201 },
    { send: "DELETE /v2/my-project/untagged/manifests/once", status: 202 },
  ]);
});
afterAll(() => registry.server.close());

const list = "/v2/my-project/image/tags/list";
/** A page that is the whole list tells of the images too (tags-extension.test.ts). */
const whole = (tags: string[]): Partial<Exchange> => ({
  ...page(tags),
  json: { child: [], manifest: expect.any(Object), name: "my-project/image", tags },
});
const page = (tags: string[], link?: string): Partial<Exchange> => ({
  status: 200,
  json: { name: "my-project/image", tags },
  gives: { "content-type": /^application\/json/, link: link && `<${list}?${link}>; rel="next"` },
});

/** distribution-spec: Listing tags. */
test.each([
  ["all tags, in byte order", "", whole(inOrder)],
  ["the first page, and where the next begins", "?n=3", page(inOrder.slice(0, 3), "n=3&last=Latest")],
  ["the next page", "?n=3&last=Latest", page(inOrder.slice(3, 6), "n=3&last=v1")],
  ["the last page, with no link", "?n=3&last=v1", page(inOrder.slice(6))],
  ["a page that ends with the last tag, with no link", "?n=2&last=v1", page(inOrder.slice(6))],
  ["as many as there are, with no link", "?n=8", whole(inOrder)],
  ["one less than there are", "?n=7", page(inOrder.slice(0, 7), "n=7&last=v10")],
  ["nothing after the last", "?last=v2", page([])],
  ["what follows a tag that is not there", "?last=m", page(inOrder.slice(5))],
  ["what follows a name that no tag can have", `?last=${encodeURIComponent("~ü/")}`, page([])],
  ["an empty list for n=0", "?n=0", page([])],
  ["an empty list for n=0 after a tag", "?n=0&last=v1", page([])],
  ["everything for a huge n", "?n=999999999999999", whole(inOrder)],
  ["everything for an empty n", "?n=", whole(inOrder)],
  ["everything for an empty last", "?last=", whole(inOrder)],
  ["the parameters nobody knows are no matter", "?n=1&x=y", page(["1.0"], "n=1&last=1.0")],
] as const)("lists %s", async (_, query, expected) => {
  await play(registry, [{ send: `GET ${list}${query}`, as: "reader", ...expected } as Exchange]);
});

test.each(["-1", "1.5", "ten", "0x10", "1e3", "1 0", "9999999999999999999999"])("n=%s is refused", async (n) => {
  const send = `GET ${list}?n=${encodeURIComponent(n)}`;
  await play(registry, [{ send, status: 400, code: "PAGINATION_NUMBER_INVALID", message: /whole number/ }]);
});

test("following the links meets every tag once", async () => {
  const seen: string[] = [];
  for (let next: string | undefined = `${list}?n=1`; next; ) {
    const answer = await registry.server.fetch(next, { headers: registry.callers.reader });
    seen.push(...((await answer.json()) as { tags: string[] }).tags);
    next = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  expect(seen).toEqual(inOrder);
});

test("a repository without tags has an empty list; without anything it is unknown", async () => {
  await play(registry, [
    {
      send: "GET /v2/my-project/untagged/tags/list",
      status: 200,
      json: { child: [], manifest: expect.any(Object), name: "my-project/untagged", tags: [] },
    },
    { send: "GET /v2/my-project/absent/tags/list", status: 404, code: "NAME_UNKNOWN" },
    { send: `HEAD ${list}`, status: 200 },
    { send: `POST ${list}`, status: 405, code: "UNSUPPORTED" },
    { send: "GET /v2/my-project/image/tags/other", status: 404, code: "UNSUPPORTED" },
    { send: `GET ${list}`, as: "stranger", status: 403, code: "DENIED", message: /tags\.list/ },
    {
      send: `GET ${list}`,
      as: "nobody",
      status: 401,
      code: "UNAUTHORIZED",
      gives: { "www-authenticate": /scope="repository:my-project\/image:pull"/ },
    },
  ]);
});
