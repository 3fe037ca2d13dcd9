import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { basic, origin } from "../../server.ts";
import { read, sender, startWorld, type World } from "./exchange.ts";

let world: World;
let email: string;
let keys: string;
beforeAll(async () => {
  world = await startWorld();
  ({ email } = (await world.server.account(world.shop, "robot", [])).account);
  keys = `/v1/projects/-/serviceAccounts/${email}/keys`;
});
afterAll(() => world.server.close());

const base64 = (text: string) => Buffer.from(text).toString("base64");
const idOf = ({ name }: { name: string }) => name.slice(name.lastIndexOf("/") + 1);
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
const publicPem = ({ publicKey }: { publicKey: ReturnType<typeof rsa>["publicKey"] }) =>
  publicKey.export({ type: "spki", format: "pem" }).toString();

describe("a key that is made", () => {
  test("comes as a file once, and works", async () => {
    const { status, body, headers } = await world.owner(`POST ${keys}`, {
      privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE",
    });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toContain("no-store");
    const { privateKeyData, ...rest } = body;
    const shown = {
      name: `projects/shop/serviceAccounts/${email}/keys/${idOf(body)}`,
      keyAlgorithm: "KEY_ALG_RSA_2048",
      validAfterTime: "2026-11-23T12:00:00Z",
      validBeforeTime: "9999-12-31T23:59:59Z",
      keyOrigin: "GOOGLE_PROVIDED",
      keyType: "USER_MANAGED",
    };
    expect(rest).toEqual({ ...shown, privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE" });
    expect((await world.owner(`GET ${keys}/${idOf(body)}`)).body).toEqual(shown);
    expect((await world.owner(`GET ${keys}`)).body.keys).toContainEqual(shown);

    const file = JSON.parse(Buffer.from(privateKeyData, "base64").toString());
    expect(file).toMatchObject({
      type: "service_account",
      project_id: "shop",
      client_email: email,
      private_key_id: idOf(body),
      token_uri: `${origin}/token`,
    });
    const login = await world.server.fetch("/v2/token?service=localhost:5000", {
      headers: basic("_json_key", JSON.stringify(file)),
    });
    expect(login.status).toBe(200);
    expect((await world.owner(`GET ${keys}/${idOf(body)}`)).body.exposedTime).toBe("2026-11-23T12:00:00Z");
  });

  test.each([{ privateKeyType: "TYPE_PKCS12_FILE" }, { keyAlgorithm: "KEY_ALG_RSA_1024" }, { privateKeyData: "x" }])(
    "is not made of %j",
    async (body) => {
      expect((await world.owner(`POST ${keys}`, body)).status).toBe(400);
    },
  );

  test("is disabled, enabled and deleted, which its tokens feel at once", async () => {
    const { server, shop, owner } = world;
    const { account, key } = await server.account(shop, "switched", [[`project/${shop.id}`, "roles/viewer"]]);
    const send = sender(server, server.accessToken(account, key));
    const path = `/v1/projects/shop/serviceAccounts/${account.email}/keys/${key.private_key_id}`;
    const steps: [string, number][] = [
      [`POST ${path}:disable`, 401],
      [`POST ${path}:enable`, 200],
      [`DELETE ${path}`, 401],
    ];
    for (const [line, status] of steps) {
      expect((await owner(line)).status).toBe(200);
      expect((await send("GET /v1/projects/shop")).status).toBe(status);
    }
    expect((await owner(`GET ${path}`)).status).toBe(404);
  });
});

describe("a key that is uploaded", () => {
  test("is listed as the user's own, and its public half can be read", async () => {
    const pem = publicPem(rsa(3072));
    const { status, body } = await world.owner(`POST ${keys}:upload`, { publicKeyData: base64(pem) });
    expect(status).toBe(200);
    expect(body).toMatchObject({ keyOrigin: "USER_PROVIDED", keyAlgorithm: "KEY_ALG_RSA_3072" });
    const raw = await world.owner(`GET ${keys}/${idOf(body)}?publicKeyType=TYPE_RAW_PUBLIC_KEY`);
    expect(Buffer.from(raw.body.publicKeyData, "base64").toString()).toBe(pem);
  });

  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
  test.each([
    ["nothing", ""],
    ["no base64", "-----BEGIN PUBLIC KEY-----"],
    ["no PEM", base64("hello")],
    ["too few bits", base64(publicPem(rsa(1024)))],
    ["another algorithm", base64(publicPem(elliptic as never))],
    ["a private key", base64(rsa(2048).privateKey.export({ type: "pkcs8", format: "pem" }).toString())],
  ])("is refused when it is %s", async (_, publicKeyData) => {
    expect((await world.owner(`POST ${keys}:upload`, { publicKeyData })).status).toBe(400);
  });
});

test("the system's own keys are none", async () => {
  expect((await world.owner(`GET ${keys}?keyTypes=SYSTEM_MANAGED`)).body).toEqual({});
  expect((await world.owner(`GET ${keys}?keyTypes=USER_MANAGED`)).body.keys.length).toBeGreaterThan(0);
});

test("a key belongs to its account: by another's path it does not exist", async () => {
  const { server, shop, owner } = world;
  const one = await server.account(shop, "one", []);
  const two = await server.account(shop, "two", []);
  const path = `/v1/projects/shop/serviceAccounts/${one.account.email}/keys/${two.key.private_key_id}`;
  for (const line of [`GET ${path}`, `DELETE ${path}`, `POST ${path}:disable`, `POST ${path}:enable`]) {
    expect((await owner(line)).status).toBe(404);
  }
  const send = await world.server.fetch("/v1/projects", {
    headers: { authorization: `Bearer ${server.accessToken(two.account, two.key)}` },
  });
  expect((await read(send)).status).toBe(200);
});
