import { describe, expect, test } from "bun:test";
import { RegistryClient } from "../../../src/client/registry/registry-client.ts";
import { listCatalog, listRemoteChildren, listRemoteImages } from "../../../src/client/registry/remote-listing.ts";
import { digestOf, getManifest } from "../../../src/client/registry/remote-manifest.ts";

/** A registry that asks for no credentials and answers these paths, query and all. */
function registry(routes: Record<string, () => Response>) {
  const sent: string[] = [];
  const client = new RegistryClient({
    origin: "https://r.test",
    credentials: async () => undefined,
    fetch: async ({ method, url }) => {
      const path = url.slice("https://r.test".length);
      if (path === "/v2/") return Response.json({});
      sent.push(`${method} ${path}`);
      return routes[path]?.() ?? Response.json({ errors: [{ code: "NAME_UNKNOWN" }] }, { status: 404 });
    },
  });
  return { client, sent };
}
const linked = (body: unknown, next: string) => () =>
  Response.json(body, { headers: { link: `<${next}>; rel="next"` } });
const digests = ["a", "b"].map((text) => digestOf(Buffer.from(text)));
const head = (digest: string) => () => new Response(null, { headers: { "docker-content-digest": digest } });

describe("listRemoteImages", () => {
  test("takes what Google's registries add for all there is, the youngest first", async () => {
    const [one, two] = digests as [string, string];
    const manifest = {
      [one]: { tag: ["1"], mediaType: "m", imageSizeBytes: "12", timeCreatedMs: "1000", timeUploadedMs: "3000" },
      [two]: { tag: [], imageSizeBytes: "nonsense", timeCreatedMs: "2000" },
    };
    const body = { child: [], manifest, name: "p/i", tags: ["1"] };
    const { client, sent } = registry({ "/v2/p/i/tags/list?n=10000": () => Response.json(body) });
    expect(await listRemoteImages(client, "p/i")).toEqual([
      { digest: two, tags: [], createdAt: 2000 },
      { digest: one, tags: ["1"], mediaType: "m", sizeBytes: 12, createdAt: 1000, uploadedAt: 3000 },
    ]);
    expect(sent).toHaveLength(1);
  });

  test("elsewhere follows the pages and asks what each tag points at", async () => {
    const [one, two] = digests as [string, string];
    const { client } = registry({
      "/v2/p/i/tags/list?n=10000": linked({ tags: ["1", "2"] }, "/v2/p/i/tags/list?last=2"),
      "/v2/p/i/tags/list?last=2": linked({ tags: ["3"] }, "list?last=3"),
      "/v2/p/i/tags/list?last=3": () => Response.json({ tags: null }),
      "/list?last=3": () => Response.json({ tags: ["gone"] }),
      "/v2/p/i/manifests/1": head(one),
      "/v2/p/i/manifests/2": head(two),
      "/v2/p/i/manifests/3": head(one),
    });
    expect(await listRemoteImages(client, "p/i")).toEqual([
      { digest: one, tags: ["1", "3"] },
      { digest: two, tags: ["2"] },
    ]);
  });

  test("follows no page to another registry", async () => {
    const { client } = registry({ "/v2/p/i/tags/list?n=10000": linked({ tags: ["1"] }, "https://evil.test/v2/") });
    await expect(listRemoteImages(client, "p/i")).rejects.toThrow("goes on elsewhere");
  });

  test.each(["[", "null", '"text"'])("takes %p for no list", async (text) => {
    const { client } = registry({ "/v2/p/i/tags/list?n=10000": () => new Response(text) });
    await expect(listRemoteImages(client, "p/i")).rejects.toThrow();
  });
});

test("listRemoteChildren tells what lies below, or that the registry does not tell", async () => {
  const { client } = registry({
    "/v2/p/tags/list?n=10000": () => Response.json({ child: ["a"], manifest: {} }),
    "/v2/q/tags/list?n=10000": () => Response.json({ tags: [] }),
  });
  expect(await listRemoteChildren(client, "p")).toEqual(["a"]);
  expect(await listRemoteChildren(client, "q")).toBeUndefined();
});

test("listCatalog runs through every page", async () => {
  const { client } = registry({
    "/v2/_catalog?n=1000&last=p%2F": linked({ repositories: ["p/a"] }, "/v2/_catalog?last=p/a"),
    "/v2/_catalog?last=p/a": () => Response.json({ repositories: ["p/b"] }),
  });
  expect(await Array.fromAsync(listCatalog(client, "p/"))).toEqual(["p/a", "p/b"]);
});

describe("getManifest", () => {
  const bytes = Buffer.from('{"schemaVersion":2}');
  const digest = digestOf(bytes);
  const give =
    (claimed: string | undefined, content = bytes) =>
    () =>
      new Response(content, {
        headers: { "content-type": "m; charset=x", ...(claimed && { "docker-content-digest": claimed }) },
      });

  test("gives the bytes, their digest and their type", async () => {
    for (const claimed of [digest, undefined]) {
      const { client } = registry({ "/v2/p/i/manifests/1": give(claimed) });
      const manifest = await getManifest(client, "p/i", "1");
      expect({ ...manifest, bytes: manifest.bytes.toString() }).toEqual({
        digest,
        mediaType: "m",
        bytes: bytes.toString(),
      });
    }
  });

  test("believes no digest that the bytes do not have", async () => {
    const other = Buffer.from("other");
    const { client } = registry({
      "/v2/p/i/manifests/1": give(digest, other),
      [`/v2/p/i/manifests/${digest}`]: give(digestOf(other), other),
    });
    for (const reference of ["1", digest])
      await expect(getManifest(client, "p/i", reference)).rejects.toThrow("other bytes");
  });

  test("reads no manifest without end", async () => {
    const { client } = registry({ "/v2/p/i/manifests/1": () => new Response(new Uint8Array(9 * 1024 * 1024)) });
    await expect(getManifest(client, "p/i", "1")).rejects.toThrow("more than");
  });
});
