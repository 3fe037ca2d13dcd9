import { audienceOf } from "../../../src/identity/federation/workload-identity.ts";
import { principalKey } from "../../../src/identity/principal.ts";
import { scope } from "../../../src/identity/scopes.ts";
import { Issuer } from "../../identity/federation/issuer.ts";
import { assertionOf, signJwt } from "../../jwt.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, startTestServer } from "../../server.ts";
import { signIn } from "../console/shop.ts";

/** Everybody who may come to a door. The order is that of the columns in the matrix. */
export const identities = [
  "nobody",
  "bad",
  "expired",
  "reader",
  "writer",
  "owner",
  "disabled",
  "federated",
  "person",
  "elsewhere",
  "registry",
] as const;
export type Identity = (typeof identities)[number];

/** What each of them has to show. Where it has nothing of a kind, the text is empty. */
export interface Shown {
  /** A Bearer token. */
  readonly token: string;
  /** The value of the session's cookie. */
  readonly cookie: string;
  /** A JWT that its key, or its issuer, signed. */
  readonly jwt: string;
  /** What Docker keeps in the place of a key, or a program of a person. */
  readonly refreshToken: string;
}

/** A JWT that nobody signed. */
const forged = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from("{}").toString("base64url")}.`;

/** A server with a project `shop`, its image `shop/app:latest`, and all who may ask something of it. */
export async function startWorld() {
  const server = await startTestServer();
  const issuer = new Issuer();
  const shop = await server.project("shop");
  const resource = `project/${shop.id}` as const;
  const member = async (name: string, role: string) => {
    const { account, key } = await server.account(shop, name, [[resource, role]]);
    const headers = basic("_json_key", JSON.stringify(key));
    const answer = await server.fetch("/v2/token?offline_token=true&client_id=docker", { headers });
    const { refresh_token: refreshToken } = (await answer.json()) as { refresh_token: string };
    const token = server.accessToken(account, key);
    const jwt = (claims: object = {}) => assertionOf(key, server.clock.now, claims);
    return { account, key, shown: { token, cookie: "", jwt: jwt(), refreshToken }, jwt };
  };
  const owner = await member("an-owner", "roles/owner");
  const writer = await member("a-writer", "roles/artifactregistry.writer");
  const reader = await member("a-reader", "roles/artifactregistry.reader");
  const gone = await member("somebody-disabled", "roles/owner");
  await pushImage(server, "shop/app", "latest", smallImage("a"), owner.shown.token);
  await server.serviceAccounts.setDisabled(gone.account, true);

  const pool = await server.workloadIdentity.createPool(shop, "ci-pool", {});
  const provider = await server.workloadIdentity.createProvider(
    pool,
    "ci-provider",
    {},
    {
      issuerUri: issuer.url,
      allowedAudiences: [],
      jwksJson: JSON.stringify(issuer.jwks()),
      attributeMapping: { "google.subject": "assertion.sub" },
      attributeCondition: "",
    },
  );
  const audience = audienceOf(pool, provider);
  await server.grant(
    resource,
    `principal:${audience.replace(/\/providers\/.*$/, "")}/subject/job`,
    "roles/artifactregistry.reader",
  );
  const subjectToken = issuer.sign({ aud: audience, sub: "job" }, server.clock.now);
  const exchange = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience,
    scope: scope.cloudPlatform,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  };
  const post = async (path: string, form: Record<string, string>) =>
    (await (await server.fetch(path, { method: "POST", body: new URLSearchParams(form) })).json()) as Record<
      string,
      string
    >;
  const { access_token: federatedToken = "" } = await post("/v1/token", { ...exchange, subject_token: subjectToken });

  const { user, value } = await signIn(server, "ada@example.com", [[resource, "roles/owner"]]);
  const { refreshToken } = await server.logins.begin({
    kind: "oauth",
    principal: `user:${user.id}`,
    clientId: "waybill",
    scopes: scope.cloudPlatform,
    address: "",
  });

  const claims = (change: object) => {
    const iat = Math.floor(server.clock.now / 1000);
    const { account, key } = owner;
    const sub = principalKey({ kind: "serviceAccount", ...account });
    return { sub, iat, exp: iat + 3600, scope: scope.cloudPlatform, key: key.private_key_id, ...change };
  };
  const seconds = Math.floor(server.clock.now / 1000);
  const access = [{ type: "repository", name: "shop/app", actions: ["pull"] }];
  const nothing: Shown = { token: "", cookie: "", jwt: "", refreshToken: "" };
  const shown: Readonly<Record<Identity, Shown>> = {
    nobody: nothing,
    bad: { token: "wba_nobody", cookie: "x".repeat(43), jwt: forged, refreshToken: `wbf_${"x".repeat(43)}` },
    expired: {
      ...nothing,
      token: server.tokens.sign("access", claims({ iat: seconds - 7200, exp: seconds - 1 })),
      jwt: owner.jwt({ iat: seconds - 7200, exp: seconds - 3600 }),
    },
    reader: reader.shown,
    writer: writer.shown,
    owner: owner.shown,
    disabled: gone.shown,
    federated: { ...nothing, token: federatedToken, jwt: subjectToken },
    person: { ...nothing, cookie: value, refreshToken },
    elsewhere: { ...nothing, token: server.tokens.sign("access", claims({ limits: { networks: [["10.0.0.0/8"]] } })) },
    registry: { ...nothing, token: server.tokens.sign("registry", claims({ access })) },
  };
  const close = async () => {
    issuer[Symbol.dispose]();
    await server.close();
  };
  return { server, shown, exchange, owner, audience, signJwt, post, close };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
