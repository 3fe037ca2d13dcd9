import type { Logger } from "pino";
import { version } from "../package.json";
import type { AuditEvent } from "./audit/event.ts";
import type { Config } from "./config/config.ts";
import type { Connection } from "./http/connection.ts";
import type { Handler } from "./listen.ts";
import { listenForMetrics } from "./metrics-listener.ts";
import type { BlobStore, ObjectShelves } from "./storage/blobs/blob-store.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import type { TlsFiles } from "./system/tls-files.ts";
import { accessLogOf } from "./telemetry/access-log.ts";
import { observed } from "./telemetry/observed.ts";
import { serverMetrics } from "./telemetry/server-metrics.ts";
import { countChores, countEvents, watchServer } from "./telemetry/server-watch.ts";
import { timedMetadata, timedStore } from "./telemetry/timed-storage.ts";

type Storage<Store> = { readonly metadata: Metadata; readonly store: Store };

/** What is counted, timed and logged of one server, and where each part of it is hooked in. */
export function openTelemetry(config: Config, logger: Logger) {
  const all = serverMetrics();
  return {
    all,
    observe: (handle: Handler): Handler =>
      observed<Connection & { requestId?: string; received?: (bytes: number) => void }>(handle, {
        metrics: all,
        accessLog: config["access-log"] ? accessLogOf(logger) : undefined,
      }) as Handler,
    timed: <Store extends BlobStore & ObjectShelves>({ metadata, store }: Storage<Store>): Storage<Store> => ({
      metadata: timedMetadata(metadata, all),
      store: timedStore(store, all),
    }),
    onEvent: countEvents(all) as (event: AuditEvent) => void,
    onChore: countChores(all, Date.now),
    tlsFailed: () => all.certificateErrors.of().add(),
    damaged(message: string): void {
      all.damaged.of().add();
      logger.error(message);
    },
    /** Opens --metrics-listen. Answers what ends it. */
    watch({ tls, ...storage }: Storage<BlobStore> & { readonly tls: () => TlsFiles | undefined }): () => void {
      const certificates = () => tls()?.certificates ?? [];
      const stop = watchServer(all, { ...storage, certificates, version, now: Date.now });
      const listener = listenForMetrics(config, all.metrics);
      if (listener) logger.info({ origin: listener.origin }, "metrics are at /metrics");
      return () => {
        stop();
        listener?.close();
      };
    },
  };
}
