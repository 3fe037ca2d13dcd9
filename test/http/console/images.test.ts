import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { csrfToken } from "../../../src/http/console/csrf.ts";
import { bearer, startTestServer, type TestServer } from "../../server.ts";
import { fillShop, pushManifest, signIn } from "./shop.ts";

let server: TestServer;
let shop: Awaited<ReturnType<typeof fillShop>>;
let cookie: string;
const app = "/console/projects/shop/images/default/app";

beforeAll(async () => {
  server = await startTestServer();
  shop = await fillShop(server);
  ({ value: cookie } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]));
});
afterAll(() => server.close());

const look = async (path: string) => {
  const answer = await server.fetch(path, { headers: { cookie: `waybill=${cookie}` } });
  return { status: answer.status, text: await answer.text() };
};
const send = (act: string, reference: string, fields: Record<string, string>) =>
  server.fetch(`/console/projects/shop/${act}/default/app@${reference}`, {
    method: "POST",
    headers: { cookie: `waybill=${cookie}` },
    body: new URLSearchParams({ ...fields, csrf: csrfToken(cookie) }),
  });
const statusOf = async (reference: string) =>
  (await server.fetch(`/v2/shop/app/manifests/${reference}`, { method: "HEAD", headers: bearer(shop.token) })).status;

describe("an image's page", () => {
  test("says all that is known of it", async () => {
    const { text } = await look(`${app}@${shop.amd64}`);
    const words = text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
    for (const each of [
      `Image digest ${shop.amd64}`,
      "Location localhost:5000",
      "Size 104 KiB",
      "Platform linux/amd64",
      "OCI image application/vnd.oci.image.manifest.v1+json",
      "Created 3 days ago",
      "Uploaded 41 minutes ago",
      `docker pull localhost:5000/shop/app@${shop.amd64}`,
      "RUN apk add --no-cache nodejs",
      "layer 2, 87.9 KiB",
      "SBOM",
      "Signature",
      "https://git.example/shop/app",
      "/usr/bin/node",
    ]) {
      expect(words).toContain(each);
    }
    // A signature of the SBOM lies below it.
    expect(text).toMatch(/SBOM.*<ul class="tree">.*Signature/s);
    expect(text).toContain(`data-copy="${shop.amd64}"`);
    expect(text).toContain(`data-copy="${shop.amd64.slice(7, 19)}"`);
  });

  test("draws each layer as wide as its share", async () => {
    const { text } = await look(`${app}@${shop.amd64}`);
    const widths = [...text.matchAll(/<rect class="fill" width="([0-9.]+)%"/g)].map(([, width]) => Number(width));
    expect(widths).toEqual([13.33, 100, 3.33]);
  });

  test("is found by a tag as well, and an index shows its platforms", async () => {
    const { text } = await look(`${app}@2.3.1`);
    expect(text).toContain(shop.index);
    expect(text).toContain("linux/arm64");
  });

  test("of what is not there says so", async () => {
    expect((await look(`${app}@nowhere`)).status).toBe(404);
    expect((await look(`${app}@sha256:zz`)).status).toBe(400);
    expect((await look("/console/projects/shop/images/default/nowhere")).status).toBe(404);
    expect((await look("/console/projects/shop/images/elsewhere/app")).status).toBe(404);
  });
});

describe("a listing", () => {
  test("goes on where the page before ended, and shows nothing twice", async () => {
    const document = { config: undefined };
    for (let number = 0; number < 30; number++) {
      server.clock.now += 1000;
      const manifests = { manifests: [], annotations: { number: String(number) } };
      await pushManifest(server, shop.token, "shop/many", `v${number}`, "application/vnd.oci.image.index.v1+json", {
        ...document,
        ...manifests,
      });
    }
    const seen: string[] = [];
    let next: string | undefined = "/console/projects/shop/images/default/many";
    for (let pages = 0; next !== undefined && pages < 5; pages++) {
      const { text } = await look(next);
      seen.push(...[...text.matchAll(/data-copy="(sha256:[0-9a-f]{64})"/g)].map(([, digest]) => digest ?? ""));
      next = /<a href="([^"]+)" rel="next">/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
  });

  test("finds images in all projects, and those of one project", async () => {
    expect((await look("/console/?q=front")).text).toContain(
      'href="/console/projects/shop/images/default/web/frontend"',
    );
    expect((await look("/console/?q=nothing-of-it")).text).toContain("Nothing found");
    const { text } = await look("/console/projects/shop?q=web");
    expect(text).toContain("web/docs");
    expect(text).not.toContain("worker");
  });
});

describe("what is done with an image", () => {
  test("a tag is added, moved and taken off", async () => {
    expect((await send("tags", shop.index, { tag: "stable" })).status).toBe(303);
    expect(await statusOf("stable")).toBe(200);
    expect((await send("tags", shop.amd64, { tag: "stable" })).status).toBe(303);
    expect((await look(`${app}@stable`)).text).toContain(shop.amd64);
    expect((await send("untag", shop.amd64, { tag: "stable" })).status).toBe(303);
    expect(await statusOf("stable")).toBe(404);
    expect((await send("tags", shop.index, { tag: "no tag" })).status).toBe(400);
  });

  test("an immutable tag stays where it is, and the page says why", async () => {
    await server.rules.set(
      { projectId: shop.project.id },
      { dockerConfig: { immutableTagPatterns: ["2*"] } },
      undefined,
    );
    const answer = await send("untag", shop.index, { tag: "2.3.1" });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("immutable");
    await server.rules.set({ projectId: shop.project.id }, { dockerConfig: { immutableTagPatterns: [] } }, undefined);
  });

  test("what else would go is named first: an index that would be broken, tags, children, signatures", async () => {
    const part = await look(`/console/projects/shop/delete/default/app@${shop.amd64}`);
    expect(part.text).toContain("It is part of an index");
    expect(part.text).toContain(shop.index.slice(7, 19));
    const { text } = await look(`/console/projects/shop/delete/default/app@${shop.index}`);
    expect(text).toContain("Delete the 5 with it");
    expect(text).toContain(">2.3.1<");
    expect(text).toMatch(/206 KiB that nothing else/);
    expect(await statusOf(shop.index)).toBe(200);
  });

  test("deleting takes what was ticked along, and nothing that others need", async () => {
    const other = await pushManifest(
      server,
      shop.token,
      "shop/app",
      "mine",
      "application/vnd.oci.image.index.v1+json",
      {
        manifests: [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest: shop.amd64, size: 700 }],
      },
    );
    const { text } = await look(`/console/projects/shop/delete/default/app@${shop.index}`);
    expect(text).toContain("Delete the 2 with it");
    expect((await send("delete", shop.index, { alongside: "yes" })).status).toBe(303);
    expect(await statusOf(shop.index)).toBe(404);
    expect(await statusOf("2.3.1")).toBe(404);
    expect(await statusOf(shop.amd64)).toBe(200);
    expect((await send("delete", other.digest, {})).status).toBe(303);
    // Nothing was ticked: the child stays.
    expect(await statusOf(shop.amd64)).toBe(200);
  });
});
