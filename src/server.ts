import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import pino from "pino";
import { type AuditEvent, type Detail, fromHere, serverItself } from "./audit/event.ts";
import type { Config } from "./config/config.ts";
import { listenHost } from "./config/listen-address.ts";
import { openControlSocket } from "./control-socket.ts";
import type { DataFolder } from "./data-folder.ts";
import { createApp } from "./http/app.ts";
import { ConsoleFace } from "./http/console/console-face.ts";
import { PeopleFace } from "./http/console/people/people-face.ts";
import { consoleVisitors } from "./http/console/visitor.ts";
import type { ErrorLog } from "./http/distribution/answer-error.ts";
import { RegistryFace } from "./http/distribution/registry-face.ts";
import { createGoogleApi } from "./http/google/google-api.ts";
import { Names } from "./http/names.ts";
import { LoginFace } from "./http/token/login-face.ts";
import { OAuthFace } from "./http/token/oauth-face.ts";
import { RegistryTokenFace } from "./http/token/registry-token-face.ts";
import { SecurityTokenFace } from "./http/token/security-token-face.ts";
import { TokenInfoFace } from "./http/token/token-info-face.ts";
import { type Installation, openInstallation } from "./installation.ts";
import { issuerDocuments } from "./issuer-documents.ts";
import { type Handler as Handle, type Listeners, listen } from "./listen.ts";
import { auditChores } from "./operations/audit-chores.ts";
import { Chores } from "./operations/chores.ts";
import { keyRotation } from "./operations/key-rotation.ts";
import { migration } from "./operations/migration.ts";
import { news } from "./operations/news.ts";
import { storageSamples } from "./operations/storage-samples.ts";
import { upkeep } from "./operations/upkeep.ts";
import { makeOwner, newOwnerKey } from "./owner.ts";
import { whatIsAway } from "./readiness.ts";
import { previewGarbage } from "./registry/garbage-preview.ts";
import { SetupCodes } from "./setup-codes.ts";
import { readProviders } from "./sign-in-providers.ts";
import { processContext } from "./sources/context.ts";
import type { BlobStore } from "./storage/blobs/blob-store.ts";
import { readInstallation } from "./storage/metadata/installation.ts";
import { reviveDeliveries } from "./storage/metadata/webhooks.ts";
import { openStorage } from "./storage-places.ts";
import type { InheritedSockets } from "./system/inherited-sockets.ts";
import { readTlsFiles } from "./system/tls-files.ts";
import { TlsWatch, type TlsWatchOptions } from "./system/tls-watch.ts";
import { openTelemetry } from "./telemetry.ts";
import { readTls } from "./tls-setting.ts";
import { upstreams } from "./upstreams.ts";
import { openWebhooks } from "./webhooks-setting.ts";

/** A server that answers. */
export interface RunningServer {
  /** `http://localhost:5000`: what was listened on. */
  readonly origin: string;
  /** The host that clients are to use, with its port. */
  readonly host: string;
  /** Whether there was no installation before. */
  readonly isNew: boolean;
  /** Reads again what may change under a running server: its certificates. Answers whether all could be used. */
  reload(): boolean;
  /** Finishes what is in flight, within a limit, and closes the storage. */
  stop(): Promise<void>;
}

const hourMilliseconds = 60 * 60 * 1000;
/** Fast enough for 150 TB in a month, slow enough to leave a disk to its users. */
const scrubBytesPerSecondMax = 64 * 1024 * 1024;

/** Puts a server together: listeners, storage, domains, faces. Resolves when requests are answered. */
export async function startServer(
  config: Config,
  folder: DataFolder,
  inherited?: InheritedSockets,
): Promise<RunningServer> {
  const logger = pino({ base: null }, pino.destination(2));
  const log: ErrorLog = (error, message, requestId) =>
    logger.error({ err: error, ...(requestId && { requestId }) }, message);
  const telemetry = openTelemetry(config, logger);
  let app: Handle = async () => new Response("starting\n", { status: 503, headers: { "retry-after": "1" } });
  // The port comes first: with port 0 the server's own names depend on it.
  const handle = telemetry.observe((request, connection) => app(request, connection));
  const listeners = listen({ config, handle, log, tls: readTls(config), inherited });
  const tlsWatch = watchTls(config, listeners, logger, telemetry.tlsFailed);
  const names = namesOf(config, listeners.port);
  const { metadata, store } = telemetry.timed(
    await openStorage(config, folder).catch(async (error) => {
      await listeners.drain(0); // An open port would keep the process.
      throw error;
    }),
  );
  const stopWatching = telemetry.watch({ metadata, store, tls: () => tlsWatch?.current });
  const isNew = (await readInstallation(metadata.read)).size === 0;
  const stopping = new AbortController();
  const webhooks = openWebhooks(config, names.origin, telemetry.traced(processContext()).fetch, telemetry.onDelivery);
  const installation = await openInstallation({
    metadata,
    store,
    redirectBlobs: config["redirect-blobs"],
    graceMilliseconds: config["garbage-grace-hours"] * hourMilliseconds,
    accountDomain: config["account-domain"],
    readOnly: config["read-only"],
    upstreams: {
      open: upstreams(telemetry.traced(processContext()), config["private-upstreams"], stopping.signal),
      tagMilliseconds: config["upstream-tag-seconds"] * 1000,
    },
    issuers: issuerDocuments(fetch, config["private-issuers"], stopping.signal),
    providers: readProviders(config),
    isOurAudience: names.isOurAudience,
    rates: { anonymousPerSecond: config["anonymous-rate"], principalPerSecond: config["principal-rate"] },
    now: Date.now,
    log,
    onEvent: telemetry.onEvent,
    outbox: webhooks?.outbox,
  });
  const codes = new SetupCodes(metadata, Date.now);
  const ownerKey = (origin = names.origin) =>
    installation.audit.changing(byOwner("waybill setup", "the key of this server's owner"), () =>
      newOwnerKey(installation, origin),
    );
  app = appOf(names, installation, store, codes);
  await writeAdminKey(config, ownerKey);
  const setupLink = async () => `${names.origin}/console/setup#code=${await codes.issue()}`;
  const control = openControlSocket(folder.controlSocket, { ownerKey, setupLink, ...maintenanceOf(installation) }, log);
  const scrub = {
    periodMilliseconds: config["scrub-days"] * 24 * hourMilliseconds,
    bytesPerSecondMax: scrubBytesPerSecondMax,
  };
  const chores = new Chores(
    [
      news(installation),
      ...auditChores(installation.audit, config["read-only"] ? undefined : config["audit-days"]),
      ...(config["read-only"]
        ? []
        : [
            ...upkeep(installation, store, scrub, telemetry.damaged),
            ...migration(installation),
            keyRotation(installation.signingKeys, config["signing-key-days"] * 24 * hourMilliseconds),
            storageSamples(metadata, Date.now),
            ...(webhooks ? [webhooks.chore(metadata)] : []),
          ]),
    ],
    log,
    () => metadata.isLeader(),
    telemetry.onChore,
  );
  return {
    origin: names.listened,
    host: new URL(names.origin).host,
    isNew,
    reload: () => tlsWatch?.renew() ?? true,
    async stop() {
      tlsWatch?.stop();
      stopWatching();
      const drained = listeners.drain(config["drain-seconds"] * 1000);
      control?.close();
      installation.audit.endWaiting();
      await chores.stop();
      await drained;
      stopping.abort(new Error("the server stops"));
      await installation.pullThrough.stop();
      await installation.credentialUses.write();
      await installation.metadata.close();
      await telemetry.close();
    },
  };
}

function watchTls(
  config: Config,
  { renewTls }: Listeners,
  log: TlsWatchOptions["log"],
  onFailure: () => void,
): TlsWatch | undefined {
  const files = [...config["tls-cert"], ...config["tls-key"]];
  if (files.length === 0) return undefined;
  const read = () => readTlsFiles(config["tls-cert"], config["tls-key"]);
  return new TlsWatch({ files, read, use: renewTls, log, onFailure, now: read() });
}

/** What `waybill gc`, `verify` and `backup` ask of a running server. */
function maintenanceOf({ metadata, signingKeys, audit, garbage, scrub, now }: Installation) {
  return {
    collectGarbage: (dryRun: boolean) => (dryRun ? previewGarbage(metadata, garbage, now()) : garbage.collect()),
    quarantine: (digest: string, objectKey: string, reason: string) => scrub.quarantine(digest, objectKey, reason),
    rotateKeys: (revokeOld: boolean) =>
      audit.changing(byOwner("waybill server rotate-keys", "signing keys", { revokeOld }), () =>
        signingKeys.rotate({ revokeOld }),
      ),
    retryWebhooks: (eventId: string | undefined) => metadata.write((write) => reviveDeliveries(write, eventId, now())),
    holdBytes: async (milliseconds: number) => garbage.holdBytes(milliseconds),
  };
}

/** Whoever owns the data folder did it; the socket does not say more. */
function byOwner(method: string, resource: string, change?: Detail): AuditEvent & { kind: "administration" } {
  const event = {
    kind: "administration",
    method,
    resource,
    outcome: "done",
    who: serverItself,
    from: fromHere,
  } as const;
  return change ? { ...event, change } : event;
}

function appOf(names: Names, installation: Installation, store: BlobStore, setupCodes: SetupCodes): Handle {
  return createApp(names, {
    whatIsAway: () => whatIsAway(installation.metadata, store),
    registry: new RegistryFace(installation),
    registryTokens: new RegistryTokenFace(installation),
    oauth: new OAuthFace(installation),
    securityTokens: new SecurityTokenFace(installation),
    tokenInfo: new TokenInfoFace(installation),
    google: createGoogleApi({ ...installation, locations: names.locations }),
    logins: new LoginFace(installation),
    people: new PeopleFace({ ...installation, setupCodes, makeOwner: (...to) => makeOwner(installation, ...to) }),
    console: new ConsoleFace({ ...installation, locations: names.locations }, consoleVisitors(installation)),
  });
}

function namesOf(config: Config, port: number): Names {
  return new Names({
    hosts: config.hosts,
    publicUrl: config["public-url"],
    tls: config["tls-cert"].length > 0,
    port,
    trustedProxies: config["trusted-proxies"],
    clientCertificates: config["client-certificates"],
    listenHost: listenHost(config),
    stallSeconds: config["stall-timeout"],
  });
}

/** `--admin-key`: for set-ups that nobody attends. A file that is there was written at an earlier start. */
async function writeAdminKey({ "admin-key": file }: Config, ownerKey: () => Promise<unknown>): Promise<void> {
  if (file === undefined || existsSync(file)) return;
  await writeFile(file, `${JSON.stringify(await ownerKey(), null, 2)}\n`, { mode: 0o600, flag: "wx" });
}
