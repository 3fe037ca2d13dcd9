import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startWorld, type World } from "../http/google/exchange.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer } from "../server.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(() => world.server.close());

async function entries(): Promise<Record<string, unknown>[]> {
  await world.server.audit.flush();
  const rows = await world.server.metadata.read.selectFrom("audit_entries").selectAll().orderBy("id").execute();
  // First uses of a credential come in between, at their first request.
  return rows.map(({ entry }) => JSON.parse(entry)).filter(({ kind }) => kind !== "session");
}

describe("the audit log", () => {
  test("has who made an account, from where and with which key", async () => {
    const { account, key, send } = await world.member([["installation", "roles/owner"]]);
    const made = await send("POST /v1/projects/shop/serviceAccounts", { accountId: "robot" });
    expect(made.status).toBe(200);
    // After it stands the first use of this credential from here.
    expect((await entries()).filter(({ kind }) => kind === "administration").at(-1)).toMatchObject({
      kind: "administration",
      method: "POST /v1/projects/{project}/serviceAccounts",
      resource: "project shop",
      outcome: "done",
      project: world.shop.id,
      who: {
        principal: `serviceAccount:${account.email}`,
        id: `serviceAccount:${account.id}`,
        credential: "access token",
        key: key.private_key_id,
      },
      from: { address: "127.0.0.1" },
    });
  });

  test("has which permission was missing for whom", async () => {
    const stranger = await world.member([]);
    expect((await stranger.send("DELETE /v1/projects/shop")).status).toBe(403);
    expect((await entries()).at(-1)).toMatchObject({
      kind: "decision.refused",
      permission: "resourcemanager.projects.delete",
      resource: "project shop",
      reason: "policy",
      who: { principal: `serviceAccount:${stranger.account.email}` },
    });
  });

  test("has the tokens that were issued, with what they reach", async () => {
    const { account, key } = await world.member([[`project/${world.shop.id}`, "roles/artifactregistry.writer"]]);
    const headers = {
      ...basic("oauth2accesstoken", world.server.accessToken(account, key)),
      "user-agent": "docker/28.1",
    };
    const path = "/v2/token?scope=repository:shop/app:pull,push";
    expect((await world.server.fetch(path, { headers })).status).toBe(200);
    expect((await entries()).at(-1)).toMatchObject({
      kind: "token.issued",
      token: "registry",
      access: ["repository:shop/app:pull,push"],
      who: { principal: `serviceAccount:${account.email}`, credential: "access token" },
      from: { agent: "docker/28.1" },
    });
  });

  test("has a credential that proved nobody", async () => {
    expect((await world.server.fetch("/v2/", { headers: bearer("wba_nothing") })).status).toBe(401);
    expect((await entries()).at(-1)).toMatchObject({
      kind: "credential.refused",
      reason: "malformed",
      who: { id: "" },
    });
  });

  test("has pushes, deletes and the first pull of each principal", async () => {
    const { server, shop, member } = world;
    const project = `project/${shop.id}` as const;
    const pusher = await member([[project, "roles/artifactregistry.repoAdmin"]]);
    const puller = await member([[project, "roles/artifactregistry.reader"]]);
    const token = (who: typeof pusher) => server.accessToken(who.account, who.key);
    const image = smallImage("audit");
    await pushImage(server, "shop/logged", "1", image, token(pusher));
    const path = "/v2/shop/logged/manifests/1";
    for (let each = 0; each < 3; each++) {
      expect((await server.fetch(path, { headers: bearer(token(puller)) })).status).toBe(200);
    }
    await server.audit.flush();
    const remove = { method: "DELETE", headers: bearer(token(pusher)) };
    expect((await server.fetch(path, remove)).status).toBe(202);
    expect((await server.fetch(`/v2/shop/logged/manifests/${image.digest}`, remove)).status).toBe(202);
    const about = (await entries()).filter(({ repository }) => repository === "shop/logged");
    const [by, reader] = [pusher, puller].map(({ account }) => ({ principal: `serviceAccount:${account.email}` }));
    const { digest } = image;
    const common = { project: shop.id, from: { address: "127.0.0.1" } };
    expect(about.filter(({ kind }) => String(kind).startsWith("image."))).toMatchObject([
      { kind: "image.pushed", digest, tags: ["1"], who: by, ...common },
      { kind: "image.first-pulled", digest, who: reader, ...common },
      { kind: "image.deleted", reference: "1", who: by, ...common },
      { kind: "image.deleted", reference: digest, who: by, ...common },
    ]);
  });

  test("has every kind of token that an account was become for, with whom and what for", async () => {
    const { server, shop, member } = world;
    const { account } = await server.account(shop, "become");
    const creator = await member([[`serviceAccount/${account.id}`, "roles/iam.serviceAccountTokenCreator"]]);
    const asks = {
      generateAccessToken: { scope: ["https://www.googleapis.com/auth/devstorage.read_only"] },
      generateIdToken: { audience: "https://example.com" },
      signJwt: { payload: "{}" },
      signBlob: { payload: "eA==" },
    };
    for (const [verb, body] of Object.entries(asks)) {
      const answer = await creator.send(`POST /v1/projects/-/serviceAccounts/${account.email}:${verb}`, body);
      expect(answer.status).toBe(200);
    }
    const subject = `serviceAccount:${account.email}`;
    const issued = (await entries()).filter((entry) => entry.kind === "token.issued" && entry.subject === subject);
    expect(issued.map(({ token }) => token)).toEqual(["access", "id", "jwt", "signature"]);
    expect(issued[1]).toMatchObject({
      audience: "https://example.com",
      who: { principal: `serviceAccount:${creator.account.email}` },
    });
  });

  test("shows what a policy was changed to, and tells a change that failed from one that was made", async () => {
    const bindings = [{ role: "roles/viewer", members: ["user:ada@example.com"] }];
    await world.owner("POST /v1/projects/other:setIamPolicy", { policy: { bindings } });
    expect((await entries()).at(-1)).toMatchObject({
      method: "POST /v1/projects/{project}:setIamPolicy",
      change: { bindings: ["roles/viewer: user:ada@example.com"] },
    });
    const before = (await entries()).length;
    const stale = { policy: { bindings, etag: "AAAA" } };
    expect((await world.owner("POST /v1/projects/other:setIamPolicy", stale)).status).toBe(409);
    expect((await entries()).length).toBe(before);
  });

  test("lets nobody wait for news when the server stops", async () => {
    const stopping = await startWorld();
    const waiting = stopping.owner("GET /v1/logEntries?orderBy=timestamp&waitSeconds=20&filter=kind%3Dsession");
    await Bun.sleep(10);
    stopping.server.audit.endWaiting();
    expect((await waiting).body).toMatchObject({ followToken: expect.any(String) });
    await stopping.server.close();
  });

  test("chains its entries", async () => {
    const rows = await world.server.metadata.read.selectFrom("audit_entries").selectAll().orderBy("id").execute();
    let previous = "";
    for (const { entry, hash, sequence } of rows) {
      expect(JSON.parse(entry).sequence).toBe(sequence);
      previous = new Bun.CryptoHasher("sha256").update(`${previous}\n${entry}`).digest("hex");
      expect(hash).toBe(previous);
    }
  });
});
