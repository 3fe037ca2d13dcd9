import { type Buckets, Metrics, type Series } from "./metric.ts";
import { type RouteClass, routeClasses } from "./route-class.ts";

/** From a look-up that is remembered to a layer over a slow line. */
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const storageSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const lagSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Every metric of a server. What is no counter of requests is set by whoever knows it: see server-watch.ts. */
export function serverMetrics() {
  const metrics = new Metrics();
  const { counter, gauge, histogram } = {
    counter: metrics.counter.bind(metrics),
    gauge: metrics.gauge.bind(metrics),
    histogram: metrics.histogram.bind(metrics),
  };
  return {
    metrics,
    buildInfo: gauge("waybill_build_info", "1, with the version of the program.", "version"),
    requests: counter("waybill_http_requests_total", "Requests answered.", "route", "status"),
    requestSeconds: histogram(
      "waybill_http_request_seconds",
      "Time until the answer's headers; bodies go on after it.",
      requestSeconds,
      "route",
    ),
    inFlight: gauge("waybill_http_requests_in_flight", "Requests that have no answer yet."),
    receivedBytes: counter("waybill_http_received_bytes_total", "Bytes of request bodies that were read.", "route"),
    sentBytes: counter("waybill_http_sent_bytes_total", "Bytes of answers whose length was known.", "route"),
    remembered: counter(
      "waybill_http_remembered_answers_total",
      "Requests answered from memory, without the database.",
    ),
    tokens: counter("waybill_tokens_total", "Tokens issued, by kind.", "kind"),
    refusals: counter(
      "waybill_refusals_total",
      "Tokens, credentials and permissions refused, by what was refused and why.",
      "what",
      "reason",
    ),
    pushes: counter("waybill_image_pushes_total", "Manifests pushed."),
    deletions: counter("waybill_image_deletions_total", "Manifests and tags deleted."),
    rateLimited: counter("waybill_rate_limited_total", "Requests refused because of their number.", "route"),
    uploadsOpen: gauge("waybill_uploads_open", "Uploads that were begun and neither finished nor given up."),
    storedBytes: gauge("waybill_stored_bytes", "Bytes that projects use, each blob once for each project."),
    databaseUp: gauge("waybill_database_up", "1 while the database answers."),
    databaseSeconds: histogram(
      "waybill_database_write_seconds",
      "Time of transactions, until they are on disk.",
      storageSeconds,
    ),
    databaseErrors: counter("waybill_database_errors_total", "Transactions that failed because of the database."),
    storeUp: gauge("waybill_store_up", "1 while the blob store answers, as of the last look."),
    storeSeconds: histogram(
      "waybill_store_operation_seconds",
      "Time of operations of the blob store.",
      storageSeconds,
      "operation",
    ),
    storeErrors: counter("waybill_store_errors_total", "Operations of the blob store that failed.", "operation"),
    choreSuccess: gauge(
      "waybill_chore_last_success_timestamp_seconds",
      "When a chore (garbage collection, the scrub, ...) last ended well; 0 for not yet.",
      "chore",
    ),
    choreFailures: counter("waybill_chore_failures_total", "Chores that failed, and will be tried again.", "chore"),
    choreSeconds: gauge("waybill_chore_last_duration_seconds", "How long a chore took the last time.", "chore"),
    damaged: counter("waybill_damaged_blobs_total", "Blobs that the scrub found damaged."),
    loopLag: histogram("waybill_event_loop_lag_seconds", "How late timers are.", lagSeconds),
    keyAge: gauge("waybill_signing_key_age_seconds", "Age of the key that signs tokens of a kind.", "use"),
    certificateEnd: gauge(
      "waybill_tls_certificate_expiry_timestamp_seconds",
      "When a certificate that is shown to clients ends.",
      "file",
    ),
    certificateErrors: counter(
      "waybill_tls_reload_failures_total",
      "Certificates that were to be taken into use, and could not be.",
    ),
    webhooksWaiting: gauge("waybill_webhooks_waiting", "Events that wait for their delivery."),
    webhooksDead: gauge("waybill_webhooks_dead", "Events that were given up: waybill server webhooks dead-letters."),
    webhookDeliveries: counter("waybill_webhook_deliveries_total", "Attempts to deliver an event.", "outcome"),
    memory: gauge("process_resident_memory_bytes", "Resident memory."),
    cpu: counter("process_cpu_seconds_total", "Processor time, user and system."),
    start: gauge("process_start_time_seconds", "When the process started."),
  };
}

export type ServerMetrics = ReturnType<typeof serverMetrics>;

/** The series of requests, found by route and status without a look-up of texts. */
export class RequestSeries {
  readonly #metrics: ServerMetrics;
  readonly #byRoute: Readonly<Record<RouteClass, RouteSeries>>;

  constructor(metrics: ServerMetrics) {
    this.#metrics = metrics;
    this.#byRoute = Object.fromEntries(
      routeClasses.map((route) => [
        route,
        {
          seconds: metrics.requestSeconds.of(route),
          received: metrics.receivedBytes.of(route),
          sent: metrics.sentBytes.of(route),
          byStatus: new Map<number, Series>(),
        },
      ]),
    ) as Record<RouteClass, RouteSeries>;
  }

  of(route: RouteClass): RouteSeries {
    return this.#byRoute[route];
  }

  answered(route: RouteClass, status: number): void {
    const { byStatus } = this.#byRoute[route];
    const series = byStatus.get(status) ?? this.#metrics.requests.of(route, String(status));
    byStatus.set(status, series);
    series.add();
  }
}

export interface RouteSeries {
  readonly seconds: Buckets;
  readonly received: Series;
  readonly sent: Series;
  readonly byStatus: Map<number, Series>;
}
