import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { scope } from "../../../src/identity/scopes.ts";
import type { ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import { basic, bearer, origin } from "../../server.ts";
import { type Send, sender, startWorld, type World } from "./exchange.ts";

/** IAM Credentials: who may become whom, and what they are then. */
let world: World;
let target: ServiceAccountRow;
let counter = 0;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.server.close());
beforeEach(async () => {
  target = await newAccount();
});

const creator = "roles/iam.serviceAccountTokenCreator";
const newAccount = () => world.server.serviceAccounts.create(world.shop, `robot-${++counter}`, {});
const mayBecome = (member: ServiceAccountRow, account: ServiceAccountRow) =>
  world.server.grant(`serviceAccount/${account.id}`, `serviceAccount:${member.id}`, creator);
const verb = (account: { email: string }, name: string) =>
  `POST /v1/projects/-/serviceAccounts/${account.email}:${name}`;
const body = { delegates: null, scope: [scope.cloudPlatform], lifetime: "3600s" };
const generate = (send: Send, account: { email: string } = target, change: object = {}) =>
  send(verb(account, "generateAccessToken"), { ...body, ...change });

describe("generateAccessToken", () => {
  test("gives whoever may become the account a token that is the account", async () => {
    const { server } = world;
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    const { status, body } = await generate(send);
    expect(status).toBe(200);
    expect(body.accessToken).toStartWith("wba_");
    expect(body.expireTime).toBe(new Date(server.clock.now + 3_600_000).toISOString().replace(".000Z", "Z"));
    const probe = await sender(server, body.accessToken)("GET /v1/projects/shop");
    expect(probe.body.error.message).toContain(`serviceAccount:${target.email} does not have`);
    await server.grant(`project/${world.shop.id}`, `serviceAccount:${target.id}`, "roles/viewer");
    expect((await sender(server, body.accessToken)("GET /v1/projects/shop")).status).toBe(200);
  });

  const bodies: [string, object, number][] = [
    ["no delegates at all", { delegates: undefined }, 200],
    ["an empty list of delegates", { delegates: [] }, 200],
    ["no lifetime", { lifetime: undefined }, 200],
    ["twelve hours", { lifetime: "43200s" }, 200],
    ["more than twelve hours", { lifetime: "43201s" }, 400],
    ["less than a minute", { lifetime: "59s" }, 400],
    ["a lifetime without its unit", { lifetime: "3600" }, 400],
    ["no scope", { scope: undefined }, 400],
    ["an empty list of scopes", { scope: [] }, 400],
    ["a scope that is none", { scope: ['a"b'] }, 400],
    ["a field that nobody knows", { subject: "somebody@example.com" }, 400],
    ["too many delegates", { delegates: Array(6).fill("x@y") }, 400],
  ];
  test.each(bodies)("answers %s", async (_name, change, status) => {
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    expect((await generate(send, target, change)).status).toBe(status);
  });

  const scopes: [keyof typeof scope | "none", number][] = [
    ["cloudPlatform", 200],
    ["iam", 200],
    ["cloudPlatformReadOnly", 403],
    ["storageFullControl", 403],
    ["none", 403],
  ];
  test.each(scopes)("answers a caller whose token has the scope %s", async (name, status) => {
    const send = await world.as([[`serviceAccount/${target.id}`, creator]], name === "none" ? [] : [scope[name]]);
    expect((await generate(send)).status).toBe(status);
  });

  const roles: [string, number][] = [
    [creator, 200],
    ["roles/iam.workloadIdentityUser", 200],
    ["roles/owner", 200],
    ["roles/editor", 403],
    ["roles/iam.serviceAccountAdmin", 403],
    ["roles/iam.serviceAccountKeyAdmin", 403],
    ["roles/viewer", 403],
  ];
  test.each(roles)("answers a caller who has %s on the account", async (role, status) => {
    expect((await generate(await world.as([[`serviceAccount/${target.id}`, role]]))).status).toBe(status);
  });

  test("says no more of an account that is not there than of one that is forbidden", async () => {
    const send = await world.as([]);
    const missing = { email: "nobody@shop.iam.waybill.internal" };
    const [there, gone] = [await generate(send, target), await generate(send, missing)];
    expect(gone.status).toBe(403);
    expect(JSON.stringify(gone.body).replaceAll(missing.email, target.email)).toBe(JSON.stringify(there.body));
    expect((await generate(world.owner, missing)).status).toBe(403);
  });

  test("finds an account in its own project only", async () => {
    const line = `POST /v1/projects/other/serviceAccounts/${target.email}:generateAccessToken`;
    expect((await world.owner(line, body)).status).toBe(404);
    expect((await world.owner(line.replace("/other/", "/shop/"), body)).status).toBe(200);
  });

  test("a disabled account is nobody", async () => {
    await world.server.serviceAccounts.setDisabled(target, true);
    expect((await generate(world.owner)).status).toBe(403);
  });
});

describe("a token that was made by impersonation ends with", () => {
  const ends: [string, (it: Awaited<ReturnType<typeof impersonate>>) => Promise<unknown>][] = [
    ["its account", () => world.server.serviceAccounts.setDisabled(target, true)],
    ["the caller's account", ({ account }) => world.server.serviceAccounts.setDisabled(account, true)],
    [
      "the caller's key",
      async ({ account, key }) => {
        const row = await world.server.serviceAccountKeys.find(account, key.private_key_id);
        if (row) await world.server.serviceAccountKeys.setDisabled(row, true);
      },
    ],
    [
      "the binding that let the caller become the account",
      () => world.server.policies.set(`serviceAccount/${target.id}`, { bindings: [] }),
    ],
  ];
  const impersonate = async () => {
    const { server } = world;
    const member = await world.member([[`serviceAccount/${target.id}`, creator]]);
    await server.grant(`project/${world.shop.id}`, `serviceAccount:${target.id}`, "roles/viewer");
    const { accessToken } = (await generate(member.send)).body;
    const exchanged = await server.fetch("/v2/token", { headers: basic("oauth2accesstoken", accessToken) });
    const { token: registryToken } = (await exchanged.json()) as { token: string };
    return { ...member, accessToken, registryToken };
  };
  test.each(ends)("%s, and so do the registry tokens made of it", async (_name, end) => {
    const { server } = world;
    const it = await impersonate();
    const statuses = async () => [
      (await sender(server, it.accessToken)("GET /v1/projects/shop")).status,
      (await server.fetch("/v2/", { headers: bearer(it.registryToken) })).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    await end(it);
    expect(await statuses()).toEqual([401, 401]);
  });
});

describe("delegation", () => {
  test("needs the role from each on the next", async () => {
    const [first, second] = [await newAccount(), await newAccount()];
    const member = await world.member([[`serviceAccount/${first.id}`, creator]]);
    const chain = { delegates: [first, second].map(({ email }) => `projects/-/serviceAccounts/${email}`) };
    expect((await generate(member.send, target, chain)).status).toBe(403);
    await mayBecome(first, second);
    expect((await generate(member.send, target, chain)).status).toBe(403);
    await mayBecome(second, target);
    const { status, body } = await generate(member.send, target, chain);
    expect(status).toBe(200);
    // None of them can be left out: the caller itself may become the first only.
    for (const delegates of [[], [first.email], [second.email], [second.email, first.email]]) {
      expect((await generate(member.send, target, { delegates })).status).toBe(403);
    }
    await world.server.policies.set(`serviceAccount/${second.id}`, { bindings: [] });
    expect((await sender(world.server, body.accessToken)("GET /v1/projects")).status).toBe(401);
  });

  test("a delegate that may do it lends it to nobody who may not become the delegate", async () => {
    const deputy = await newAccount();
    await mayBecome(deputy, target);
    const stranger = await world.as([]);
    expect((await generate(stranger, target, { delegates: [deputy.email] })).status).toBe(403);
  });

  test("whoever may only ask tokens of an account may not pass requests on through it", async () => {
    const deputy = await newAccount();
    await mayBecome(deputy, target);
    const send = await world.as([[`serviceAccount/${deputy.id}`, "roles/iam.workloadIdentityUser"]]);
    expect((await generate(send, deputy)).status).toBe(200);
    expect((await generate(send, target, { delegates: [deputy.email] })).status).toBe(403);
  });

  test("a chain of impersonations ends somewhere", async () => {
    await mayBecome(target, target);
    const member = await world.member([[`serviceAccount/${target.id}`, creator]]);
    let token = (await generate(member.send)).body.accessToken;
    let steps = 0;
    for (; steps < 20; steps++) {
      const { status, body } = await generate(sender(world.server, token));
      if (status !== 200) break;
      token = body.accessToken;
    }
    expect(steps).toBeGreaterThan(2);
    expect(steps).toBeLessThan(10);
  });
});

describe("generateIdToken", () => {
  test("gives Google's claims, the e-mail only where it is asked for", async () => {
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    const ask = async (change: object) =>
      (await send(verb(target, "generateIdToken"), { audience: "https://them.example", ...change })).body.token;
    const iat = Math.floor(world.server.clock.now / 1000);
    const common = { iss: origin, aud: "https://them.example", azp: target.id, sub: target.id, iat, exp: iat + 3600 };
    expect(decodeProtectedHeader(await ask({}))).toMatchObject({ alg: "RS256", typ: "JWT" });
    expect(decodeJwt(await ask({}))).toEqual(common);
    expect(decodeJwt(await ask({ includeEmail: true }))).toEqual({
      ...common,
      email: target.email,
      email_verified: true,
    });
    expect((await send(verb(target, "generateIdToken"), {})).status).toBe(400);
    expect((await (await world.as([]))(verb(target, "generateIdToken"), { audience: "x" })).status).toBe(403);
  });
});

describe("signJwt and signBlob", () => {
  const sign = async (send: Send, payload: object | string, name = "signJwt") =>
    await send(verb(target, name), { payload: typeof payload === "string" ? payload : JSON.stringify(payload) });
  const keySet = async (email = target.email) => {
    const answer = await world.server.fetch(`/service_accounts/v1/jwk/${email}`);
    return { status: answer.status, body: (await answer.json()) as { keys: { kid: string }[] } };
  };
  const soon = () => Math.floor(world.server.clock.now / 1000) + 600;

  test("are verified with the account's published keys", async () => {
    expect((await keySet()).status).toBe(404);
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    const { status, body } = await sign(send, { iss: target.email, aud: "https://them.example", exp: soon() });
    expect(status).toBe(200);
    const keys = createLocalJWKSet((await keySet()).body as unknown as JSONWebKeySet);
    const currentDate = new Date(world.server.clock.now);
    const { payload, protectedHeader } = await jwtVerify(body.signedJwt, keys, {
      audience: "https://them.example",
      currentDate,
    });
    expect(payload.iss).toBe(target.email);
    expect(protectedHeader).toEqual({ alg: "RS256", kid: body.keyId, typ: "JWT" });
    const blob = Buffer.from("a blob of bytes");
    const signed = (await sign(send, blob.toString("base64"), "signBlob")).body;
    expect(signed.keyId).toBe(body.keyId);
    const [key] = (await keySet()).body.keys;
    const publicKey = createPublicKey({ key: key as never, format: "jwk" });
    expect(verifySignature("sha256", blob, publicKey, Buffer.from(signed.signedBlob, "base64"))).toBe(true);
    expect(JSON.stringify(key)).not.toContain('"d":');
  });

  test("are for whoever may become the account, and buy nothing here", async () => {
    const { server } = world;
    for (const name of ["signJwt", "signBlob"]) {
      expect((await sign(await world.as([]), name === "signJwt" ? {} : "AAAA", name)).status).toBe(403);
    }
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    const iat = Math.floor(server.clock.now / 1000);
    const claims = {
      iss: target.email,
      sub: target.email,
      aud: `${origin}/token`,
      scope: scope.cloudPlatform,
      iat,
      exp: iat + 600,
    };
    const { signedJwt } = (await sign(send, claims)).body;
    const form = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: signedJwt };
    expect((await server.fetch("/token", { method: "POST", body: new URLSearchParams(form) })).status).toBe(400);
    expect((await sender(server, signedJwt)("GET /v1/projects")).status).toBe(401);
    // Nor does it pass for an id_token of this server.
    const body = new URLSearchParams({ id_token: (await sign(send, { ...claims, iss: origin })).body.signedJwt });
    expect((await server.fetch("/tokeninfo", { method: "POST", body })).status).toBe(400);
  });

  test.each([
    ["what is no JSON", "{"],
    ["what is no object", "[]"],
    ["a JWT for longer than twelve hours", JSON.stringify({ exp: 99999999999 })],
    ["a JWT that has ended", JSON.stringify({ exp: 1 })],
  ])("%s is not signed", async (_name, payload) => {
    const send = await world.as([[`serviceAccount/${target.id}`, creator]]);
    expect((await sign(send, payload)).status).toBe(400);
  });

  test("sign with a new key after a month, and publish the old one for a day more", async () => {
    const send = async () => await world.as([[`serviceAccount/${target.id}`, creator]]);
    const first = (await sign(await send(), {})).body.keyId;
    world.server.clock.now += 30 * 24 * 3_600_000;
    const second = (await sign(await send(), {})).body.keyId;
    expect(second).not.toBe(first);
    expect((await keySet()).body.keys.map(({ kid }) => kid)).toEqual([second, first]);
    world.server.clock.now += 25 * 3_600_000;
    expect((await keySet()).body.keys.map(({ kid }) => kid)).toEqual([second]);
    await world.server.serviceAccounts.setDisabled(target, true);
    expect((await keySet()).status).toBe(404);
  });
});
