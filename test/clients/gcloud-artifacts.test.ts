/** The real `gcloud artifacts` looks at images of our server, tags them and deletes them. */
import { describe, expect } from "bun:test";
import { freePort } from "../free-port.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { clientTest } from "./client-test.ts";
import { gcloudOf } from "./gcloud.ts";
import { type Server, startServer } from "./waybill.ts";

/** A server that goes by these names, and by one that leads to it from here. */
async function startServerAs(...hosts: string[]) {
  const port = await freePort();
  const own = `127.0.0.1:${port}`;
  return await startServer({ serve: ["--hosts", [own, ...hosts].join(",")], listen: own });
}

/** Pushes to the server under one of its names, as if that name led there. */
async function push(server: Server, host: string, path: string, tag: string, content: string): Promise<string> {
  const token = await server.administer("auth", "print-access-token");
  const named = {
    fetch: (url: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set("host", host);
      return fetch(`${server.origin}${url}`, { ...init, headers });
    },
  };
  const image = smallImage(content);
  await pushImage(named, path, tag, image, token);
  return image.digest;
}

describe("the real gcloud artifacts", () => {
  clientTest("lists, describes, tags and deletes images at gcr.io", ["gcloud"], async () => {
    await using server = await startServerAs("gcr.io");
    await server.administer("projects", "create", "shop");
    const first = await push(server, "gcr.io", "shop/app", "1", "first");
    const second = await push(server, "gcr.io", "shop/team/web", "1", "second");
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const images = (...words: string[]) => gcloud.json("artifacts", "docker", "images", ...words);
    const tags = (...words: string[]) => gcloud.succeed("artifacts", "docker", "tags", ...words);
    const repository = "us-docker.pkg.dev/shop/gcr.io";

    const repositories = await gcloud.json("artifacts", "repositories", "list", "--project=shop");
    expect(repositories).toContainEqual(
      expect.objectContaining({ name: "projects/shop/locations/us/repositories/gcr.io", format: "DOCKER" }),
    );
    const at = ["--location=us", "--project=shop"];
    expect(await gcloud.json("artifacts", "repositories", "describe", "gcr.io", ...at)).toMatchObject({
      registryUri: "gcr.io/shop",
    });

    const reader = ["--member=user:guest@example.com", "--role=roles/artifactregistry.reader"];
    await gcloud.succeed("artifacts", "repositories", "add-iam-policy-binding", "gcr.io", ...at, ...reader);
    const ours = ["get-iam-policy", "shop", "--location=gcr.io", "--format=json"];
    expect(JSON.parse(await server.administer("projects", ...ours)).bindings).toEqual([
      { role: "roles/artifactregistry.reader", members: ["user:guest@example.com"] },
    ]);

    expect(await images("list", repository, "--include-tags")).toMatchObject([
      { package: `${repository}/app`, version: first, tags: ["1"] },
      { package: `${repository}/team/web`, version: second, tags: ["1"] },
    ]);
    // A folder of images is one, too.
    expect(await images("list", `${repository}/team`)).toMatchObject([{ package: `${repository}/team/web` }]);
    expect(await images("describe", "gcr.io/shop/app:1")).toMatchObject({
      image_summary: { digest: first, fully_qualified_digest: `${repository}/app@${first}` },
    });

    await tags("add", `${repository}/team/web:1`, `${repository}/team/web:stable`);
    expect(JSON.parse(await tags("list", `${repository}/team/web`, "--format=json"))).toMatchObject([
      { tag: expect.stringMatching(/\/tags\/1$/), version: expect.stringContaining(second) },
      { tag: expect.stringMatching(/\/tags\/stable$/) },
    ]);
    expect(await gcloud.fail("artifacts", "docker", "images", "delete", `${repository}/team/web:1`)).toContain(
      "because it is tagged",
    );
    await tags("delete", `${repository}/team/web:stable`);
    await gcloud.succeed("artifacts", "docker", "images", "delete", `${repository}/team/web:1`);
    await gcloud.succeed("artifacts", "docker", "images", "delete", `${repository}/app`);
    expect(await images("list", repository)).toEqual([]);
  });

  clientTest("finds repositories in paths at a pkg.dev host", ["gcloud"], async () => {
    const host = "europe-west1-docker.pkg.dev";
    await using server = await startServerAs(host);
    await server.administer("projects", "create", "shop");
    const digest = await push(server, host, "shop/team/web/api", "1", "first");
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const at = ["--project=shop", "--location=europe-west1"];
    expect(await gcloud.json("artifacts", "repositories", "list", ...at)).toMatchObject([
      { name: "projects/shop/locations/europe-west1/repositories/team" },
    ]);
    expect(await gcloud.json("artifacts", "docker", "images", "list", `${host}/shop/team`)).toMatchObject([
      { package: `${host}/shop/team/web/api`, version: digest },
    ]);
    const refused = await gcloud.fail("artifacts", "docker", "images", "list", `${host}/nothing/team`);
    expect(refused).toContain("does not exist");
  });
});
