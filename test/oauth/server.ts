// A small OAuth server, run as a process of its own: `bun server.ts [--tls-cert=F --tls-key=F]`. It speaks what our client
// half speaks to: sign-in (RFC 6749 with PKCE, RFC 8628), refreshing with rotation, revocation (RFC 7009), token exchange
// (RFC 8693), Google's generateAccessToken and metadata server, and GitHub's id tokens. It keeps a log of every request,
// at /log, and does what /control tells it: wait, refuse, give short tokens.
import { parseArgs } from "node:util";

export type LoggedRequest = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  form: Record<string, string>;
  json: unknown;
};

/** How it is to behave until told otherwise. */
export type Control = {
  /** Every answer takes so long. */
  delayMilliseconds?: number;
  lifetimeSeconds?: number;
  /** Token requests are refused with this status and error. */
  refuse?: { status: number; error: string; error_description?: string } | undefined;
  /** Answers never come. */
  isHanging?: boolean;
  /** Leaves these out of its account of itself. */
  without?: string[];
  /** What it says its name is. */
  issuer?: string;
  /** Says "not yet" this many times when asked for a device's token. */
  pendingTimes?: number;
  /** Says "slow down" when first asked for it. */
  isSlow?: boolean;
  email?: string;
  /** Refresh tokens that are good as often as they are used, as Google's are. */
  lastingRefreshTokens?: string[];
};

type Grant = { challenge?: string; redirectUri?: string; scope: string; clientId: string };

const log: LoggedRequest[] = [];
let control: Control = {};
let made = 0;
let pending = 0;
const codes = new Map<string, Grant>();
const refreshTokens = new Map<string, Grant>();

const { values: flags } = parseArgs({ options: { "tls-cert": { type: "string" }, "tls-key": { type: "string" } } });
const tls = flags["tls-cert"]
  ? { cert: Bun.file(flags["tls-cert"]), key: Bun.file(flags["tls-key"] ?? "") }
  : undefined;
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, ...(tls ? { tls } : {}), idleTimeout: 60, fetch: handle });
console.log(`ready: ${tls ? "https" : "http"}://127.0.0.1:${server.port}`);

async function handle(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/log") return Response.json(log);
  if (url.pathname === "/control") {
    control = (await request.json()) as Control;
    return new Response();
  }
  const logged = await logRequest(request, url);
  if (control.isHanging) return await new Promise(() => {});
  if (control.delayMilliseconds) await Bun.sleep(control.delayMilliseconds);
  return answer(logged, url);
}

async function logRequest(request: Request, url: URL): Promise<LoggedRequest> {
  const text = await request.text();
  const isForm = request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") === true;
  const logged: LoggedRequest = {
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(request.headers),
    form: isForm ? Object.fromEntries(new URLSearchParams(text)) : {},
    json: !isForm && text.startsWith("{") ? JSON.parse(text) : undefined,
  };
  log.push(logged);
  return logged;
}

function answer(request: LoggedRequest, url: URL): Response {
  const { path } = request;
  if (path === "/.well-known/openid-configuration") return Response.json(description(url.origin));
  if (path === "/authorize" || path === "/o/oauth2/v2/auth") return authorize(request);
  if (path === "/userinfo" || path === "/v1/userinfo") return Response.json({ email: email() });
  if (path === "/github") return Response.json({ value: `github-token-for-${request.query.audience}` });
  if (control.refuse) return Response.json(control.refuse, { status: control.refuse.status });
  if (path === "/token" || path === "/v1/token") return token(request);
  if (path === "/device" || path === "/device/code") return device(request, url.origin);
  if (path === "/revoke") return revoke(request);
  if (path.endsWith(":generateAccessToken")) return generateAccessToken(request);
  if (path.startsWith("/computeMetadata/v1/instance/service-accounts/default/")) return metadata(request);
  return new Response("not here", { status: 404 });
}

function description(origin: string): Record<string, string> {
  const all: Record<string, string> = {
    issuer: control.issuer ?? origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    device_authorization_endpoint: `${origin}/device`,
    revocation_endpoint: `${origin}/revoke`,
    userinfo_endpoint: `${origin}/userinfo`,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !control.without?.includes(name)));
}

/** Whoever comes here is signed in at once, and sent back with a code. */
function authorize({ query }: LoggedRequest): Response {
  const code = `code-${++made}`;
  const {
    code_challenge: challenge = "",
    redirect_uri: redirectUri = "",
    scope = "",
    client_id: clientId = "",
  } = query;
  if (query.code_challenge_method !== "S256" || challenge === "") return new Response("no PKCE", { status: 400 });
  codes.set(code, { challenge, redirectUri, scope, clientId });
  const back = new URL(redirectUri);
  back.searchParams.set("code", code);
  back.searchParams.set("state", query.state ?? "");
  return new Response(null, { status: 302, headers: { location: back.href } });
}

function token({ form }: LoggedRequest): Response {
  switch (form.grant_type) {
    case "authorization_code":
      return redeem(form);
    case "refresh_token":
      return refresh(form);
    case "urn:ietf:params:oauth:grant-type:device_code":
      return pollDevice(form);
    case "urn:ietf:params:oauth:grant-type:token-exchange":
    case "urn:ietf:params:oauth:grant-type:jwt-bearer":
      return Response.json({ ...accessToken(), issued_token_type: "urn:ietf:params:oauth:token-type:access_token" });
    default:
      return refuse("unsupported_grant_type");
  }
}

function redeem(form: Record<string, string>): Response {
  const grant = codes.get(form.code ?? "");
  codes.delete(form.code ?? "");
  const digest = new Bun.CryptoHasher("sha256").update(form.code_verifier ?? "").digest("base64url");
  if (grant === undefined || grant.challenge !== digest || grant.redirectUri !== form.redirect_uri)
    return refuse("invalid_grant");
  return Response.json({ ...accessToken(), ...newRefreshToken(grant), id_token: idToken() });
}

/** Every use gives a new refresh token; the second use of an old one is refused, as a careful server does. */
function refresh(form: Record<string, string>): Response {
  if (control.lastingRefreshTokens?.includes(form.refresh_token ?? "")) return Response.json(accessToken());
  const grant = refreshTokens.get(form.refresh_token ?? "");
  if (grant === undefined) return refuse("invalid_grant", "the refresh token was revoked");
  const isNarrower = (form.scope ?? grant.scope).split(" ").every((scope) => grant.scope.split(" ").includes(scope));
  const isAll = grant.scope.includes("cloud-platform");
  if (!isNarrower && !isAll) return refuse("invalid_scope");
  refreshTokens.delete(form.refresh_token ?? "");
  return Response.json({ ...accessToken(), ...newRefreshToken(grant) });
}

function device({ form }: LoggedRequest, origin: string): Response {
  codes.set("device", { scope: form.scope ?? "", clientId: form.client_id ?? "" });
  pending = control.pendingTimes ?? 1;
  return Response.json({
    device_code: "device",
    user_code: "WXYZ-1234",
    verification_uri: `${origin}/activate`,
    expires_in: 60,
    interval: 0.05,
  });
}

function pollDevice({ device_code: code = "" }: Record<string, string>): Response {
  if (pending-- > 0) return refuse("authorization_pending");
  if (control.isSlow) {
    control.isSlow = false;
    return refuse("slow_down");
  }
  const grant = codes.get(code);
  return grant === undefined ? refuse("expired_token") : Response.json({ ...accessToken(), ...newRefreshToken(grant) });
}

function revoke({ form }: LoggedRequest): Response {
  refreshTokens.delete(form.token ?? "");
  return new Response();
}

function generateAccessToken({ path, headers }: LoggedRequest): Response {
  if (!headers.authorization?.startsWith("Bearer ")) return refuse("unauthenticated");
  const target = decodeURIComponent(/serviceAccounts\/([^/:]+):/.exec(path)?.[1] ?? "");
  const expireTime = new Date(Date.now() + lifetimeSeconds() * 1000).toISOString();
  return Response.json({ accessToken: `token-of-${target}`, expireTime });
}

function metadata({ path, headers }: LoggedRequest): Response {
  if (headers["metadata-flavor"] !== "Google") return new Response("no flavour", { status: 403 });
  const flavour = { headers: { "metadata-flavor": "Google" } };
  return path.endsWith("/email") ? new Response(email(), flavour) : Response.json(accessToken(), flavour);
}

function accessToken() {
  return { access_token: `token-${++made}`, token_type: "Bearer", expires_in: lifetimeSeconds() };
}

function newRefreshToken(grant: Grant) {
  const refresh_token = `refresh-${++made}`;
  refreshTokens.set(refresh_token, grant);
  return { refresh_token };
}

function idToken(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode({ alg: "none" })}.${encode({ email: email() })}.`;
}

function refuse(error: string, error_description?: string): Response {
  return Response.json({ error, error_description }, { status: 400 });
}

function lifetimeSeconds(): number {
  return control.lifetimeSeconds ?? 3600;
}

function email(): string {
  return control.email ?? "me@example.com";
}
