import type { Logger } from "pino";
import { version } from "../package.json";
import type { AuditEvent } from "./audit/event.ts";
import type { Config } from "./config/config.ts";
import type { Connection } from "./http/connection.ts";
import type { Handler } from "./listen.ts";
import { listenForMetrics } from "./metrics-listener.ts";
import type { Context } from "./sources/context.ts";
import type { BlobStore, ObjectShelves } from "./storage/blobs/blob-store.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import type { TlsFiles } from "./system/tls-files.ts";
import { accessLogOf } from "./telemetry/access-log.ts";
import { observed } from "./telemetry/observed.ts";
import { serverMetrics } from "./telemetry/server-metrics.ts";
import { countChores, countEvents, watchServer } from "./telemetry/server-watch.ts";
import { timedMetadata, timedStore } from "./telemetry/timed-storage.ts";
import { openTracer } from "./telemetry/tracer.ts";

type Storage<Store> = { readonly metadata: Metadata; readonly store: Store };

/** What is counted, timed and logged of one server, and where each part of it is hooked in. */
export function openTelemetry(config: Config, logger: Logger) {
  const all = serverMetrics();
  const log = (error: unknown, message: string) => logger.warn({ err: error }, message);
  const tracer = openTracer(process.env, version, log, (request) => fetch(request));
  return {
    /** Sends the last spans. */
    close: async () => await tracer?.close(),
    /** Who is asked on behalf of a request is told of its trace. */
    traced: (context: Context): Context => (tracer ? { ...context, fetch: tracer.traced(context.fetch) } : context),
    all,
    observe: (handle: Handler): Handler =>
      observed<Connection & { requestId?: string; received?: (bytes: number) => void }>(handle, {
        metrics: all,
        beginSpan: tracer && ((request) => tracer.begin(request)),
        failed: ({ path, status, requestId }) => logger.error({ requestId, path, status }, "a request was failed"),
        accessLog: config["access-log"] ? accessLogOf(logger) : undefined,
      }) as Handler,
    timed: <Store extends BlobStore & ObjectShelves>({ metadata, store }: Storage<Store>): Storage<Store> => ({
      metadata: timedMetadata(metadata, all, tracer),
      store: timedStore(store, all, tracer),
    }),
    onDelivery: (outcome: string) => all.webhookDeliveries.of(outcome).add(),
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
