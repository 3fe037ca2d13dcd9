/** Tokens and headers that prove nobody, on a pull, a push and a token request; nothing is left behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { basic, bearer } from "../../server.ts";
import { expectRefused, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
let foreign: Registry;
let before: unknown;
beforeAll(async () => {
  registry = await startRegistry();
  foreign = await startRegistry();
  await pushBlobs(registry, "my-project/image", "layer");
});
afterAll(async () => {
  await registry.server.close();
  await foreign.server.close();
});
beforeEach(async () => {
  before = await remains(registry);
});
afterEach(async () => {
  expect(await remains(registry)).toEqual(before as never);
});

const seconds = () => Math.floor(registry.server.clock.now / 1000);
const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");

function jwt(header: object, claims: object, signer: (signed: string) => Buffer): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${signer(signed).toString("base64url")}`;
}

const rs256 = (key: string | KeyObject) => (signed: string) => sign("sha256", Buffer.from(signed), key);

/** What the pusher's key could sign for itself, and good but for `change`. */
function selfSigned(change: object, header: object = {}, signer?: (signed: string) => Buffer): string {
  const { key, account } = registry.accounts.pusher;
  const claims = {
    iss: account.email,
    sub: account.email,
    aud: "http://localhost:5000/",
    iat: seconds(),
    exp: seconds() + 600,
    scope: "https://www.googleapis.com/auth/cloud-platform",
    ...change,
  };
  return jwt(
    { alg: "RS256", typ: "JWT", kid: key.private_key_id, ...header },
    claims,
    signer ?? rs256(key.private_key),
  );
}

test("the self-signed token that the rows below change is good", async () => {
  await play(registry, [{ send: "GET /v2/", as: "nobody", headers: bearer(selfSigned({})), status: 200 }]);
});

describe("a self-signed token is refused", () => {
  const stolen = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rows: [string, () => string, RegExp][] = [
    ["with alg none", () => selfSigned({}, { alg: "none" }, () => Buffer.alloc(0)), /RS256/],
    ["with alg None", () => selfSigned({}, { alg: "None" }, () => Buffer.alloc(0)), /RS256/],
    ["without alg", () => selfSigned({}, { alg: undefined }), /RS256/],
    [
      "that was signed with the public key as a secret",
      () => selfSigned({}, { alg: "HS256" }, (signed) => createHmac("sha256", "public").update(signed).digest()),
      /RS256/,
    ],
    ["with RS512", () => selfSigned({}, { alg: "RS512" }), /RS256/],
    [
      "that brings its own key",
      () => selfSigned({}, { jwk: stolen.publicKey.export({ format: "jwk" }) }, rs256(stolen.privateKey)),
      /malformed/,
    ],
    ["that names where its key lies", () => selfSigned({}, { jku: "https://example.com/keys" }), /malformed/],
    ["with extensions that must be understood", () => selfSigned({}, { crit: ["b64"], b64: false }), /malformed/],
    [
      "signed by another key under this one's id",
      () => selfSigned({}, {}, rs256(stolen.privateKey)),
      /not signed by a key of/,
    ],
    ["without a signature", () => selfSigned({}).replace(/[^.]*$/, ""), /not signed by a key of|malformed/],
    [
      "with another's claims under its signature",
      () => swapPayload(selfSigned({}), { sub: "someone@else" }),
      /not signed|malformed/,
    ],
    ["that has expired", () => selfSigned({ iat: seconds() - 1000, exp: seconds() - 61 }), /expired.*clock/],
    ["that is from the future", () => selfSigned({ iat: seconds() + 61 }), /future.*clock/],
    ["that is not valid yet", () => selfSigned({ nbf: seconds() + 61 }), /future.*clock/],
    ["that lives for a day", () => selfSigned({ exp: seconds() + 86_400 }), /longer than an hour/],
    ["that never expires", () => selfSigned({ exp: undefined }), /malformed/],
    ["for another server", () => selfSigned({ aud: "https://registry.example.com/v2/token" }), /another server/],
    [
      "for a server whose name begins like ours",
      () => selfSigned({ aud: "http://localhost.example.com:5000/" }),
      /another server/,
    ],
    [
      "with our name as the user in a URL",
      () => selfSigned({ aud: "http://localhost:5000@example.com/" }),
      /another server/,
    ],
    ["for somebody else", () => selfSigned({ sub: "other@my-project.iam.waybill.internal" }), /itself only/],
    [
      "of an account that does not exist",
      () => selfSigned({ iss: "absent@my-project.iam.waybill.internal", sub: undefined }),
      /not signed by a key of/,
    ],
    [
      "of another account with this one's key",
      () => selfSigned({ iss: registry.accounts.reader.account.email, sub: undefined }),
      /not signed by a key of/,
    ],
    ["that is too large", () => selfSigned({ extra: "x".repeat(20_000) }), /too large/],
  ];
  test.each(rows)("%s", async (_, make, message) => {
    await expectRefused(registry, bearer(make()), message);
    await expectRefused(registry, basic("oauth2accesstoken", make()), message);
  });
});

describe("an access token is refused", () => {
  const good = () => registry.server.accessToken(registry.accounts.pusher.account, registry.accounts.pusher.key);
  const aged = (claims: object) =>
    registry.server.tokens.sign("access", {
      sub: `serviceAccount:${registry.accounts.pusher.account.id}`,
      iat: seconds() - 7200,
      exp: seconds() + 3600,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      ...claims,
    });
  const ofForeign = () => foreign.server.accessToken(foreign.accounts.pusher.account, foreign.accounts.pusher.key);
  const rows: [string, () => string, RegExp][] = [
    ["that has expired", () => aged({ exp: seconds() }), /expired/],
    ["of an account that does not exist", () => aged({ sub: "serviceAccount:1" }), /disabled or deleted/],
    ["of a key that does not exist", () => aged({ key: "0".repeat(40) }), /disabled or deleted/],
    ["of another installation", ofForeign, /not a token of this server/],
    ["with a letter changed in its signature", () => changeAt(good(), -40), /signature/],
    ["with the last letter changed", () => changeAt(good(), -1), /signature|not a token/],
    [
      "with a letter changed in its claims",
      () => changeAt(good(), good().lastIndexOf(".") - 20),
      /signature|not a token/,
    ],
    ["with other claims", () => swapPayload(good(), { sub: "serviceAccount:1" }), /signature/],
    [
      "with alg none",
      () => `wba_${encode({ alg: "none", typ: "waybill-access+jwt" })}.${good().split(".")[1]}.`,
      /not a token/,
    ],
    ["that was cut", () => good().slice(0, -20), /signature|not a token/],
    ["with more at its end", () => `${good()}AAAA`, /signature|not a token/],
    ["with a fourth part", () => `${good()}.AAAA`, /not a token/],
    ["with the prefix of a registry token", () => good().replace("wba_", "wbr_"), /not a token|no credential/],
    ["of nothing but its prefix", () => "wba_", /not a token/],
    ["that is noise", () => "wba_a.b.c", /not a token/],
    ["that is no token at all", () => "hunter2", /malformed|JWT/],
  ];
  test.each(rows)("%s", async (_, make, message) => {
    await expectRefused(registry, bearer(make()), message);
    await expectRefused(registry, basic("oauth2accesstoken", make()), message);
    await expectRefused(registry, basic("_dcgcloud_token", make()), message);
  });

  test("and a registry token is no credential for another token", async () => {
    const answer = await registry.server.fetch("/v2/token", { headers: registry.callers.pusher });
    const { token } = (await answer.json()) as { token: string };
    await play(registry, [
      { send: "GET /v2/", as: "nobody", headers: bearer(token), status: 200 },
      { send: "GET /v2/token", as: "nobody", headers: bearer(token), status: 401, code: "UNAUTHORIZED" },
      {
        send: "GET /v2/token",
        as: "nobody",
        headers: basic("oauth2accesstoken", token),
        status: 401,
        code: "UNAUTHORIZED",
      },
    ]);
  });
});

describe("a header is refused", () => {
  test.each([
    ["of a scheme nobody knows", "Digest username=x", /must be Basic or Bearer/],
    ["without a token", "Bearer", /must be Basic or Bearer/],
    ["that is only a token", "wba_token", /must be Basic or Bearer/],
    ["whose Basic has no colon", `Basic ${Buffer.from("user").toString("base64")}`, /no colon/],
    ["whose Basic is not base64", "Basic ~~~~", /no colon/],
    ["that is too large", `Bearer ${"x".repeat(50_000)}`, /too large/],
    ["with a user name and password", basic("admin", "admin").authorization, /oauth2accesstoken.*_json_key/],
    ["with a user name and no password", basic("oauth2accesstoken", "").authorization, /malformed|JWT/],
  ])("%s", async (_, authorization, message) => {
    await expectRefused(registry, { authorization }, message);
  });
});

/** The token with the claims changed under the same signature. */
function swapPayload(token: string, change: object): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  return [header, encode({ ...claims, ...change }), signature].join(".");
}

/** The token with one letter exchanged for its neighbour. */
function changeAt(token: string, position: number): string {
  const at = position < 0 ? token.length + position : position;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const next = alphabet[(alphabet.indexOf(token[at] as string) + 1) % alphabet.length];
  return token.slice(0, at) + next + token.slice(at + 1);
}
