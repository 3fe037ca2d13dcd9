import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../src/http/app.ts";
import { ConsoleFace } from "../src/http/console/console-face.ts";
import { PeopleFace } from "../src/http/console/people/people-face.ts";
import { consoleVisitors } from "../src/http/console/visitor.ts";
import { RegistryFace } from "../src/http/distribution/registry-face.ts";
import { createGoogleApi } from "../src/http/google/google-api.ts";
import { type NameSettings, Names } from "../src/http/names.ts";
import type { RateSettings } from "../src/http/rate-limits.ts";
import { LoginFace } from "../src/http/token/login-face.ts";
import { OAuthFace } from "../src/http/token/oauth-face.ts";
import { RegistryTokenFace } from "../src/http/token/registry-token-face.ts";
import { SecurityTokenFace } from "../src/http/token/security-token-face.ts";
import { TokenInfoFace } from "../src/http/token/token-info-face.ts";
import type { KeyFile } from "../src/identity/key-file.ts";
import type { OutsideProvider } from "../src/identity/people/outside-providers.ts";
import { anonymous, principalKey } from "../src/identity/principal.ts";
import { scope } from "../src/identity/scopes.ts";
import { openInstallation } from "../src/installation.ts";
import { issuerDocuments } from "../src/issuer-documents.ts";
import { makeOwner, newOwnerKey } from "../src/owner.ts";
import { SetupCodes } from "../src/setup-codes.ts";
import type { ProjectRow } from "../src/storage/metadata/projects.ts";
import type { ResourceKey } from "../src/storage/metadata/schema.ts";
import type { ServiceAccountRow } from "../src/storage/metadata/service-accounts.ts";
import { openSqlite } from "../src/storage/metadata/sqlite.ts";
import { openTestBlobs } from "./storage/blobs/test-blobs.ts";

/** A whole server in this process, without a socket, over a throw-away folder and a clock that stands still. */
export type TestServer = Awaited<ReturnType<typeof startTestServer>>;

export const origin = "http://localhost:5000";
const startOfTime = Date.UTC(2026, 10, 23, 12);

/** @param settings names other than localhost:5000 */
export async function startTestServer(
  settings: Partial<NameSettings> = {},
  peer = "127.0.0.1",
  rates: Partial<RateSettings> = {},
  /** Outside issuers that this server may ask though they run here. */
  issuers: readonly string[] = [],
  providers: readonly OutsideProvider[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), "waybill-test-"));
  const clock = { now: startOfTime };
  const logged: { error: unknown; message: string }[] = [];
  const names = new Names({
    hosts: [],
    publicUrl: undefined,
    tls: false,
    port: 5000,
    trustedProxies: [],
    listenHost: "localhost",
    stallSeconds: 60,
    ...settings,
  });
  const metadata = await openSqlite(join(folder, "metadata.sqlite"));
  const store = await openTestBlobs(join(folder, "objects"));
  const installation = await openInstallation({
    metadata,
    store,
    accountDomain: "iam.waybill.internal",
    rates: { anonymousPerSecond: 10_000, principalPerSecond: 10_000, ...rates },
    issuers: issuerDocuments(fetch, issuers),
    providers,
    isOurAudience: names.isOurAudience,
    now: () => clock.now,
    log: (error, message) => logged.push({ error, message }),
  });
  const codes = new SetupCodes(metadata, () => clock.now);
  const app = createApp(names, {
    whatIsAway: async () => [],
    registry: new RegistryFace(installation),
    registryTokens: new RegistryTokenFace(installation),
    oauth: new OAuthFace(installation),
    securityTokens: new SecurityTokenFace(installation),
    tokenInfo: new TokenInfoFace(installation),
    google: createGoogleApi({ ...installation, locations: names.locations }),
    logins: new LoginFace(installation),
    people: new PeopleFace({
      ...installation,
      setupCodes: codes,
      makeOwner: (...to) => makeOwner(installation, ...to),
    }),
    console: new ConsoleFace({ ...installation, locations: names.locations }, consoleVisitors(installation)),
  });
  return {
    ...installation,
    store,
    folder,
    clock,
    codes,
    /** What went to the log: nothing, unless a test breaks something on purpose. */
    logged,
    /** Sends a request: a path, or a URL with another host. */
    async fetch(url: string, init: RequestInit = {}): Promise<Response> {
      const { href, host } = new URL(url, origin);
      const headers = new Headers(init.headers);
      if (!headers.has("host")) headers.set("host", host);
      return await app(new Request(href, { ...init, headers }), {
        peer: () => peer,
        setPatience() {},
      });
    },
    ownerKey: () => newOwnerKey(installation, origin),
    project: (name: string): Promise<ProjectRow> => installation.projects.create(name, "", anonymous),
    /** A service account with a key, and with roles on resources. */
    async account(project: ProjectRow, name: string, roles: readonly [ResourceKey, string][] = []) {
      const account = await installation.serviceAccounts.create(project, name, {});
      const { file } = await installation.serviceAccountKeys.generate(account, project.name, origin);
      const principal = { kind: "serviceAccount", ...account } as const;
      for (const [resource, role] of roles) await this.grant(resource, principalKey(principal), role);
      return { account, key: file };
    },
    async grant(resource: ResourceKey, member: string, role: string): Promise<void> {
      await metadata.write((write) =>
        installation.policies.grant(write, resource, { member: member as "allUsers", role, condition: "" }),
      );
    },
    /** An access token of an account, as `/token` would give it. */
    accessToken({ id }: ServiceAccountRow, key: KeyFile, scopes: readonly string[] = [scope.cloudPlatform]): string {
      const iat = Math.floor(clock.now / 1000);
      const claims = { sub: `serviceAccount:${id}`, iat, exp: iat + 3600, scope: scopes.join(" ") };
      return installation.tokens.sign("access", { ...claims, key: key.private_key_id });
    },
    async close(): Promise<void> {
      await installation.metadata.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An Authorization header. */
export function basic(username: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
