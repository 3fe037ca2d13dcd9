import { beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { Identity } from "../../src/sources/identity.ts";
import { instanceAccount } from "../../src/sources/instance-account.ts";
import { pullScope } from "../../src/sources/scope.ts";
import { parseServer } from "../../src/sources/server.ts";
import { parseServiceAccountKey } from "../../src/sources/service-account-key.ts";
import { context } from "../cli/context.ts";

const server = parseServer("http://localhost:5000");
const robot = "robot@shop.iam.waybill.internal";
const instance = "instance@shop.iam.waybill.internal";

let operator: Identity;
beforeAll(() => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const file = {
    type: "service_account",
    client_email: robot,
    private_key_id: "key-1",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: `${server}/token`,
  };
  const key = parseServiceAccountKey(JSON.stringify(file), "a key");
  operator = { email: robot, server, tokenUri: key.tokenUri, key };
});

type Sent = { url: string; authorization: string | null; body: string };

/** A network that keeps what is sent and answers by path. */
function network(answers: Record<string, object>, status = 200) {
  const sent: Sent[] = [];
  const fetch = async (request: Request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    sent.push({ url: request.url, authorization, body: await request.text() });
    return Response.json(answers[pathname] ?? {}, { status: pathname in answers ? status : 404 });
  };
  return { sent, it: context({ fetch }).it };
}

const claims = (form: string) => {
  const assertion = new URLSearchParams(form).get("assertion") ?? "";
  return JSON.parse(Buffer.from(assertion.split(".")[1] ?? "", "base64url").toString());
};
const token = { access_token: "operator-token", expires_in: 3600, token_type: "Bearer" };

describe("an instance's account", () => {
  test("that is the operator's own signs for its tokens, with the scopes that were asked", async () => {
    const { sent, it } = network({ "/token": { ...token, id_token: "a.b.c" } });
    const account = instanceAccount(operator, undefined, it);
    expect(account.email).toBe(robot);
    const { token: made, expiresAt } = await account.accessToken([pullScope]);
    expect([made.reveal(), expiresAt]).toEqual(["operator-token", it.now() / 1000 + 3600]);
    expect(claims(sent[0]?.body ?? "")).toMatchObject({ iss: robot, scope: pullScope });
    expect((await account.idToken("https://run.test")).reveal()).toBe("a.b.c");
    const asked = claims(sent[1]?.body ?? "");
    expect(asked).toMatchObject({ target_audience: "https://run.test" });
    expect(asked).not.toHaveProperty("scope");
  });

  test("that is another one is impersonated, at the operator's own server and nowhere else", async () => {
    const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(instance)}`;
    const { sent, it } = network({
      "/token": token,
      [`${path}:generateAccessToken`]: { accessToken: "instance-token", expireTime: "2026-11-23T01:00:00Z" },
      [`${path}:generateIdToken`]: { token: "a.b.c" },
    });
    const account = instanceAccount(operator, instance, it);
    const { token: made, expiresAt } = await account.accessToken([pullScope]);
    expect([made.reveal(), expiresAt]).toEqual(["instance-token", Date.UTC(2026, 10, 23, 1) / 1000]);
    expect((await account.idToken("https://run.test")).reveal()).toBe("a.b.c");
    expect(sent.map(({ url }) => new URL(url).origin)).toEqual(Array(4).fill(server));
    const [, generate, , identify] = sent;
    expect(generate?.authorization).toBe("Bearer operator-token");
    expect(JSON.parse(generate?.body ?? "")).toEqual({ delegates: [], scope: [pullScope], lifetime: "3600s" });
    expect(JSON.parse(identify?.body ?? "")).toEqual({ audience: "https://run.test", includeEmail: true });
  });

  test("that may not be impersonated says what is missing, and shows no token", async () => {
    const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(instance)}:generateAccessToken`;
    const denied = { error: { status: "PERMISSION_DENIED", message: "no" } };
    const { it } = network({ "/token": token });
    const fetch = async (request: Request) =>
      new URL(request.url).pathname === path ? Response.json(denied, { status: 403 }) : await it.fetch(request);
    const failure = await instanceAccount(operator, instance, { ...it, fetch })
      .accessToken([pullScope])
      .catch((error) => error);
    expect(failure.message).toContain("PERMISSION_DENIED");
    expect(failure.hint).toContain("roles/iam.serviceAccountTokenCreator");
    expect(JSON.stringify([failure.message, failure.hint])).not.toContain("operator-token");
  });

  test("of a person who signed in has no id tokens for others", async () => {
    const account = { server, keyId: "sign-in", tokenUri: `${server}/token` };
    const person = { email: "me@example.com", server, tokenUri: account.tokenUri, account };
    const { it } = network({});
    await expect(instanceAccount(person, undefined, it).idToken("https://run.test")).rejects.toThrow(
      "person's account",
    );
  });
});
