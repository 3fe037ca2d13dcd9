import { createHash } from "node:crypto";
import { scope } from "../../../src/identity/scopes.ts";
import { jwtBearer } from "../../jwt.ts";
import { basic, bearer } from "../../server.ts";
import type { Shown, World } from "./identities.ts";

/** A form that a request sends, or its headers. */
export interface Sent {
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const redirectUri = "http://127.0.0.1:39999/";
const verifier = "v".repeat(43);
const wanted = "repository:shop/app:pull,push";
const client = { client_id: "waybill" };

/** The ways to show who one is, as requests carry them. */
export const ways = {
  /** What a browser and a program have, each in its header. */
  header: ({ token, cookie }) => ({
    headers: { ...(token && bearer(token)), ...(cookie && { cookie: `waybill=${cookie}` }) },
  }),
  password: ({ token, cookie }) => ({
    headers: { ...(token && basic("oauth2accesstoken", token)), ...(cookie && basic("ada@example.com", cookie)) },
  }),
  "password grant": ({ token, cookie }) => {
    const [username, password] = token ? ["oauth2accesstoken", token] : cookie ? ["ada@example.com", cookie] : ["", ""];
    return { form: { grant_type: "password", service: "x", scope: wanted, username, password } };
  },
  "registry refresh": ({ refreshToken }) => ({
    form: { grant_type: "refresh_token", scope: wanted, refresh_token: refreshToken },
  }),
  narrowing: ({ token, cookie }, { exchange }) => ({
    form: {
      ...exchange,
      subject_token_type: accessToken,
      subject_token: token || cookie || "none",
      scope: scope.storageReadOnly,
    },
  }),
  exchange: ({ jwt, token, cookie }, { exchange }) => ({
    form: { ...exchange, subject_token: jwt || token || cookie || "none" },
  }),
  "form token": ({ token, cookie }) => ({ form: { ...client, token: token || cookie } }),
  "form access token": ({ token, cookie }) => ({ form: { access_token: token || cookie } }),
  assertion: ({ jwt, token, cookie }) => ({ form: { grant_type: jwtBearer, assertion: jwt || token || cookie } }),
  refresh: ({ refreshToken, token }) => ({
    form: { ...client, grant_type: "refresh_token", refresh_token: refreshToken || token },
  }),
  /** A person may have allowed it; nobody else is asked. */
  code: async ({ cookie, token }, { server }) => {
    const session = await server.sessions.find(cookie);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const authorization = { clientId: "waybill", redirectUri, scopes: scope.cloudPlatform, challenge, address: "" };
    const userId = session?.principal.kind === "user" ? session.principal.id : undefined;
    const code = userId === undefined ? token : await server.authorizations.allow({ ...authorization, userId });
    return {
      form: { ...client, grant_type: "authorization_code", redirect_uri: redirectUri, code_verifier: verifier, code },
    };
  },
  device: async ({ cookie }, { server }) => {
    const { deviceCode, userCode } = await server.devices.start("waybill", scope.cloudPlatform, "");
    const session = await server.sessions.find(cookie);
    if (session?.principal.kind === "user") await server.devices.answer(userCode, session.principal.id, true);
    return { form: { ...client, grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: deviceCode } };
  },
  "device start": ({ token, cookie }) => ({
    form: { ...client, scope: scope.cloudPlatform },
    headers: { ...(token && bearer(token)), ...(cookie && { cookie: `waybill=${cookie}` }) },
  }),
} satisfies Readonly<Record<string, (shown: Shown, world: World) => Sent | Promise<Sent>>>;

export type How = keyof typeof ways;
