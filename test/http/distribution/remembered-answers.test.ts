import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { principalKey } from "../../../src/identity/principal.ts";
import { scope } from "../../../src/identity/scopes.ts";
import { objectPath } from "../../../src/storage/blobs/filesystem.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { bearer, startTestServer, type TestServer } from "../../server.ts";

// Between two equal requests something changes: the second must not be answered as the first was.

const reader = "roles/artifactregistry.reader";
const image = smallImage("a");
const other = smallImage("b");
const [, layer = new Uint8Array()] = image.blobs;
const layerDigest = `sha256:${new Bun.CryptoHasher("sha256").update(layer).digest("hex")}`;

let server: TestServer;
let look: Looks;
let shop: Shop;
let shops = 0;

beforeAll(async () => {
  server = await startTestServer();
  look = new Looks(server);
});
afterAll(() => server.close());
beforeEach(async () => {
  shop = await openShop(`shop-${++shops}`);
});

/** Tells who was answered from memory: everybody else asks for the version of the policies. */
class Looks {
  count = 0;

  constructor({ metadata: { hot } }: TestServer) {
    const policyVersion = hot.policyVersion.bind(hot);
    hot.policyVersion = () => {
      this.count++;
      return policyVersion();
    };
  }
}

type Shop = Awaited<ReturnType<typeof openShop>>;

/** A project with an image, its owner, and somebody who may read. */
async function openShop(name: string) {
  const project = await server.project(name);
  const place = `project/${project.id}` as const;
  const owner = await server.account(project, "owner", [[place, "roles/owner"]]);
  const customer = await server.account(project, "customer", [[place, reader]]);
  const ownerToken = server.accessToken(owner.account, owner.key);
  await pushImage(server, `${name}/app`, "1", image, ownerToken);
  const member = principalKey({ kind: "serviceAccount", ...customer.account });
  const token = server.accessToken(customer.account, customer.key);
  return { name, project, place, ownerToken, customer, member, token };
}

const manifest = () => `/v2/${shop.name}/app/manifests/1`;
const manifestByDigest = () => `/v2/${shop.name}/app/manifests/${image.digest}`;
const blob = () => `/v2/${shop.name}/app/blobs/${layerDigest}`;

async function ask(url: string, init: RequestInit = {}, token = shop.token) {
  const before = look.count;
  const answer = await server.fetch(url, { ...init, headers: { ...bearer(token), ...init.headers } });
  const body = await answer.text();
  return { status: answer.status, headers: answer.headers, body, remembered: look.count === before };
}

/** Asks until the answer comes from memory. */
async function learn(url: string, init: RequestInit = {}, token = shop.token) {
  const first = await ask(url, init, token);
  expect(first).toMatchObject({ status: 200, remembered: false });
  const second = await ask(url, init, token);
  expect(second.remembered).toBe(true);
  expect({ ...second, headers: [...second.headers] }).toEqual({
    ...first,
    headers: [...first.headers],
    remembered: true,
  });
  return second;
}

const send = (method: string, url: string) => server.fetch(url, { method, headers: bearer(shop.ownerToken) });
const row = () => server.metadata.hot.projectId(shop.name);
const objectOf = async () => {
  const { object_key } = await server.metadata.read
    .selectFrom("blobs")
    .select("object_key")
    .where("digest", "=", layerDigest)
    .executeTakeFirstOrThrow();
  return { key: object_key, path: objectPath(join(server.folder, "objects"), object_key) };
};

describe("who asks", () => {
  const changes: Record<string, () => Promise<unknown>> = {
    "the token is revoked": () => server.revocations.revoke(shop.token),
    "the key is disabled": async () => server.serviceAccountKeys.setDisabled(await keyOf(), true),
    "the key is deleted": async () => server.serviceAccountKeys.delete(await keyOf()),
    "the account is disabled": () => server.serviceAccounts.setDisabled(shop.customer.account, true),
    "the account is deleted": () => server.serviceAccounts.delete(shop.customer.account),
    "the signing keys are rotated and the old ones revoked": () => server.signingKeys.rotate({ revokeOld: true }),
    "the token expires": async () => {
      server.clock.now += 3600_001;
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`${what}: the next request is refused`, async () => {
      for (const url of [manifest(), manifestByDigest(), blob()]) await learn(url);
      await learn(manifest(), { method: "HEAD" });
      await change();
      for (const url of [manifest(), manifestByDigest(), blob()]) expect((await ask(url)).status).toBe(401);
      expect((await ask(manifest(), { method: "HEAD" })).status).toBe(401);
    });
  }

  test("a key that ends by the clock takes no longer than ten seconds to end", async () => {
    const { id } = await keyOf();
    const expires_at = server.clock.now + 500;
    await server.metadata.write((write) =>
      write.updateTable("service_account_keys").set({ expires_at }).where("id", "=", id).execute(),
    );
    await learn(manifest());
    for (let at = 0; at < 10_000; at += 900) {
      server.clock.now += 900;
      await ask(manifest());
    }
    server.clock.now = expires_at - 500 + 10_000;
    expect((await ask(manifest())).status).toBe(401);
  });

  test("a user's login is ended, and the user is disabled", async () => {
    const { user } = await server.users.invite(`ada-${shops}@example.com`);
    await server.grant(shop.place, `user:${user.id}`, reader);
    const tokenOf = async () => {
      const begun = {
        kind: "oauth",
        principal: `user:${user.id}`,
        clientId: "waybill",
        scopes: "",
        address: "",
      } as const;
      const { login } = await server.logins.begin(begun);
      const iat = Math.floor(server.clock.now / 1000);
      const claims = { sub: `user:${user.id}`, iat, exp: iat + 3600, scope: scope.cloudPlatform, login: login.id };
      return { id: login.id, token: server.tokens.sign("access", claims) };
    };
    const [one, two] = [await tokenOf(), await tokenOf()];
    await learn(manifest(), {}, one.token);
    await server.logins.end(`user:${user.id}`, one.id);
    expect((await ask(manifest(), {}, one.token)).status).toBe(401);
    await learn(manifest(), {}, two.token);
    const details = await server.users.find(user.id);
    if (details) await server.users.setDisabled(details, true);
    expect((await ask(manifest(), {}, two.token)).status).toBe(401);
  });

  test("a token that counts from some networks only is asked about each time", async () => {
    const { account, key } = shop.customer;
    const iat = Math.floor(server.clock.now / 1000);
    const claims = { sub: `serviceAccount:${account.id}`, iat, exp: iat + 3600, scope: scope.cloudPlatform };
    const limits = { networks: [["127.0.0.0/8"]] };
    const token = server.tokens.sign("access", { ...claims, key: key.private_key_id, limits });
    for (let times = 0; times < 3; times++)
      expect(await ask(manifest(), {}, token)).toMatchObject({ status: 200, remembered: false });
    const withCertificate = { certificates: ["a".repeat(43)] };
    const bound = server.tokens.sign("access", { ...claims, key: key.private_key_id, limits: withCertificate });
    expect((await ask(manifest(), {}, bound)).status).toBe(401);
  });

  async function keyOf() {
    const [key] = await server.serviceAccountKeys.list(shop.customer.account);
    if (!key) throw new Error("no key");
    return key;
  }
});

describe("what they may", () => {
  const changes: Record<string, () => Promise<unknown>> = {
    "the binding is taken away": () => server.policies.set(shop.place, { bindings: [] }),
    "a deny policy names them": () => {
      const permission = "artifactregistry.googleapis.com/repositories.downloadArtifacts";
      const rule = { deniedPrincipals: [`serviceAccount:${shop.customer.account.email}`] };
      const none = { exceptionPrincipals: [], exceptionPermissions: [] };
      return server.denyPolicies.create(shop.place, "no-pulls", "", [
        { ...rule, ...none, deniedPermissions: [permission] },
      ]);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`${what}: the next request is refused`, async () => {
      for (const url of [manifest(), manifestByDigest(), blob()]) await learn(url);
      await change();
      for (const url of [manifest(), manifestByDigest(), blob()]) expect((await ask(url)).status).toBe(403);
    });
  }

  test("they leave the group that may", async () => {
    await server.policies.set(shop.place, { bindings: [] });
    const group = await server.groups.create(`customers-${shops}@example.com`, {});
    const member = await server.groups.addMember(group, `serviceAccount:${shop.customer.account.email}`);
    await server.grant(shop.place, `group:${group.id}`, reader);
    await learn(manifest());
    await server.groups.removeMember(group, member.key);
    expect((await ask(manifest())).status).toBe(403);
  });

  test("the project's own role is changed", async () => {
    await server.policies.set(shop.place, { bindings: [] });
    const permissions = ["artifactregistry.repositories.downloadArtifacts"];
    const role = await server.customRoles.create(shop.project, "puller", { permissions, stage: "GA" });
    await server.grant(shop.place, shop.member, role.id);
    await learn(manifest());
    await server.customRoles.update(role, { permissions: ["artifactregistry.repositories.get"] });
    expect((await ask(manifest())).status).toBe(403);
  });

  test("public access is prevented", async () => {
    await server.grant(shop.place, "allUsers", reader);
    const answer = await server.fetch(`/v2/token?scope=repository:${shop.name}/app:pull`);
    const { token } = (await answer.json()) as { token: string };
    await learn(manifest(), {}, token);
    await server.constraints.set(shop.place, "storage.publicAccessPrevention", "true");
    expect((await ask(manifest(), {}, token)).status).toBe(401);
  });

  test("a grant that the clock alone can end is asked about each time", async () => {
    await server.policies.set(shop.place, { bindings: [] });
    const until = new Date(server.clock.now + 5000).toISOString();
    const condition = { title: "for now", expression: `request.time < timestamp("${until}")` };
    const members = [`serviceAccount:${shop.customer.account.email}`];
    await server.policies.set(shop.place, { version: 3, bindings: [{ role: reader, members, condition }] });
    for (let times = 0; times < 3; times++)
      expect(await ask(manifest())).toMatchObject({ status: 200, remembered: false });
    server.clock.now += 5000;
    expect((await ask(manifest())).status).toBe(403);
  });

  test("the project is deleted: nobody learns that it was there", async () => {
    for (const url of [manifest(), manifestByDigest(), blob()]) await learn(url);
    await server.projects.delete(shop.project);
    for (const url of [manifest(), manifestByDigest(), blob()]) expect((await ask(url)).status).toBeGreaterThan(400);
    expect(await row()).toBeUndefined();
  });
});

describe("what lies there", () => {
  test("the tag is moved", async () => {
    await learn(manifest());
    await learn(manifest(), { method: "HEAD" });
    await pushImage(server, `${shop.name}/app`, "1", other, shop.ownerToken);
    expect((await ask(manifest())).headers.get("docker-content-digest")).toBe(other.digest);
    expect((await ask(manifest(), { method: "HEAD" })).headers.get("docker-content-digest")).toBe(other.digest);
  });

  test("the tag is deleted; then the manifest; then the blob", async () => {
    await learn(manifest());
    await learn(manifestByDigest());
    await learn(blob());
    expect((await send("DELETE", manifest())).status).toBe(202);
    expect((await ask(manifest())).status).toBe(404);
    await learn(manifestByDigest());
    expect((await send("DELETE", manifestByDigest())).status).toBe(202);
    expect((await ask(manifestByDigest())).status).toBe(404);
    await learn(blob());
    expect((await send("DELETE", blob())).status).toBe(202);
    expect((await ask(blob())).status).toBe(404);
  });

  test("the blob is quarantined", async () => {
    await learn(blob());
    await server.scrub.quarantine(layerDigest, (await objectOf()).key, "a test says so");
    expect((await ask(blob())).status).toBe(404);
    await repair();
  });

  test("the object loses a byte, and is refused at once, also when its bytes are held", async () => {
    await learn(blob());
    for (let times = 0; times < 3; times++) await ask(blob());
    truncateSync((await objectOf()).path, layer.byteLength - 1);
    expect((await ask(blob())).status).toBe(404);
    await repair();
  });

  test("the object is gone", async () => {
    await learn(blob());
    unlinkSync((await objectOf()).path);
    expect((await ask(blob())).status).toBe(404);
    await repair();
  });

  test("an object whose bytes were flipped is not what is held", async () => {
    const { path } = await objectOf();
    writeFileSync(path, Buffer.alloc(layer.byteLength, "x"));
    await ask(blob());
    await ask(blob());
    await Bun.sleep(20);
    writeFileSync(path, layer);
    expect((await ask(blob())).body).toBe(Buffer.from(layer).toString());
  });

  test("another process changes it", async () => {
    for (const url of [manifest(), manifestByDigest(), blob()]) await learn(url);
    const others = await openSqlite(join(server.folder, "metadata.sqlite"));
    const id = (await row()) ?? "";
    await others.write((write) => write.deleteFrom("bindings").where("resource", "=", `project/${id}`).execute());
    await others.write((write) =>
      write
        .updateTable("versions")
        .set({ value: 1_000_000 + shops })
        .execute(),
    );
    // What others write is looked for once in a millisecond.
    await Bun.sleep(5);
    for (const url of [manifest(), manifestByDigest(), blob()]) expect((await ask(url)).status).toBe(403);
    await others.close();
  });

  /** A push of what is damaged makes it whole for the tests that follow. */
  async function repair() {
    await pushImage(server, `${shop.name}/app`, "1", image, shop.ownerToken);
    expect((await ask(blob())).body).toBe(Buffer.from(layer).toString());
  }
});

describe("an answer from memory", () => {
  test("is for a second, and for this method, name and range only", async () => {
    await learn(manifest());
    expect((await ask(manifest(), { method: "HEAD" })).remembered).toBe(false);
    expect((await ask(`${manifest()}?again`)).remembered).toBe(false);
    await learn(blob());
    const part = await ask(blob(), { headers: { range: "bytes=1-3" } });
    expect(part).toMatchObject({ status: 206, body: Buffer.from(layer).toString().slice(1, 4), remembered: false });
    server.clock.now += 999;
    expect((await ask(manifest())).remembered).toBe(true);
    server.clock.now += 1;
    expect((await ask(manifest())).remembered).toBe(false);
    expect((await ask(manifest())).remembered).toBe(true);
  });

  test("is for this credential only, and no refusal is remembered", async () => {
    await learn(manifest());
    const stranger = await server.account(shop.project, "stranger");
    const token = server.accessToken(stranger.account, stranger.key);
    for (let times = 0; times < 3; times++)
      expect(await ask(manifest(), {}, token)).toMatchObject({ status: 403, remembered: false });
    expect((await ask(manifest(), {}, `${shop.token}x`)).status).toBe(401);
    expect((await server.fetch(manifest())).status).toBe(401);
    expect((await ask(`/v2/${shop.name}/app/manifests/none`)).status).toBe(404);
    expect(await ask(`/v2/${shop.name}/app/manifests/none`)).toMatchObject({ status: 404, remembered: false });
  });

  test("holds while nothing but counts and the log are written", async () => {
    await learn(manifest());
    await server.audit.flush();
    await server.audit.writeUses();
    await server.credentialUses.write();
    expect((await ask(manifest())).remembered).toBe(true);
  });

  test("holds while others push what is new, and not when they push over it", async () => {
    for (const url of [manifest(), manifestByDigest(), blob()]) await learn(url);
    const something = smallImage(`new ${shop.name}`);
    await pushImage(server, `${shop.name}/other`, "1", something, shop.ownerToken);
    await pushImage(server, `${shop.name}/app`, "2", something, shop.ownerToken);
    for (const url of [manifest(), manifestByDigest(), blob()]) expect((await ask(url)).remembered).toBe(true);
    await pushImage(server, `${shop.name}/other`, "2", something, shop.ownerToken);
    await pushImage(server, `${shop.name}/app`, "1", something, shop.ownerToken);
    expect((await ask(manifest())).headers.get("docker-content-digest")).toBe(something.digest);
  });

  test("is counted as any other: in the audit log, at the key, and against the limit", async () => {
    const uses = async () => {
      await server.audit.writeUses();
      const rows = await server.metadata.read
        .selectFrom("audit_uses")
        .select("count")
        .where("principal", "=", shop.member)
        .where("permission", "=", "artifactregistry.repositories.downloadArtifacts")
        .execute();
      return rows.reduce((sum, { count }) => sum + count, 0);
    };
    await learn(manifest());
    for (let times = 0; times < 5; times++) await ask(manifest());
    expect(await uses()).toBe(7);
    await learn(blob());
    await ask(blob());
    expect(await uses()).toBe(10);
    server.clock.now += 500;
    await ask(blob());
    await server.credentialUses.write();
    const used = await server.metadata.read
      .selectFrom("credential_uses")
      .select("last_used_at")
      .where("account_id", "=", shop.customer.account.id)
      .executeTakeFirstOrThrow();
    expect(used.last_used_at).toBe(server.clock.now);
  });

  test("is for whoever asks from the same address: a new place is in the log, whatever was remembered", async () => {
    const proxied = await startTestServer({ trustedProxies: ["192.0.2.1"], hosts: ["a.test", "b.test"] }, "192.0.2.1");
    const project = await proxied.project("shop");
    const owner = await proxied.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
    const token = proxied.accessToken(owner.account, owner.key);
    const pull = async (from: string, host = "a.test") => {
      const headers = { ...bearer(token), host, "x-forwarded-for": from, "x-forwarded-proto": "https" };
      return (await proxied.fetch("/v2/shop/app/manifests/1", { headers })).status;
    };
    const places = async () => {
      await proxied.audit.flush();
      const rows = await proxied.metadata.read.selectFrom("audit_entries").select("entry").execute();
      return rows.filter(({ entry }) => entry.includes("first use from a new place")).length;
    };
    await pushImage(proxied, "shop/app", "1", image, token);
    for (let times = 0; times < 3; times++) expect(await pull("203.0.113.7")).toBe(200);
    const before = await places();
    for (let times = 0; times < 3; times++) expect(await pull("198.51.100.7")).toBe(200);
    expect(await places()).toBe(before + 1);
    expect(await pull("198.51.100.7", "b.test")).toBe(404);
    expect(await pull("198.51.100.7", "a.test")).toBe(200);
    await proxied.close();
  });

  test("is refused with 429 where there are too many", async () => {
    const small = await startTestServer({}, "127.0.0.1", { principalPerSecond: 1 });
    const project = await small.project("shop");
    const owner = await small.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
    const token = small.accessToken(owner.account, owner.key);
    await pushImage(small, "shop/app", "1", image, token);
    const pull = () => small.fetch("/v2/shop/app/manifests/1", { headers: bearer(token) });
    const statuses = [];
    for (let times = 0; times < 25; times++) statuses.push((await pull()).status);
    // Three of the twenty went into the push.
    expect(statuses).toEqual([...Array(17).fill(200), ...Array(8).fill(429)]);
    expect((await pull()).headers.get("retry-after")).toBe("1");
    await small.close();
  });

  test("there are never more than fit, and more than fit are answered all the same", async () => {
    for (let name = 0; name < 6000; name++)
      await server.fetch(`${manifest()}?${name}`, { headers: bearer(shop.token) });
    await learn(`${manifest()}?last`);
  });
});
