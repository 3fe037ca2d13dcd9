import { AsyncLocalStorage } from "node:async_hooks";
import type { Answered, Span } from "./observed.ts";
import { formatTraceparent, parseTraceparent, type TraceContext } from "./trace-context.ts";
import { TraceExporter } from "./trace-exporter.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Fetch = (request: Request) => Promise<Response>;

/** Where each request belongs: a span for it, spans for what it asks of the storage, and its name for whoever it asks. */
export class Tracer {
  readonly #exporter: TraceExporter;
  readonly #current = new AsyncLocalStorage<TraceContext>();
  readonly #share: number;

  constructor(exporter: TraceExporter, share: number) {
    this.#exporter = exporter;
    this.#share = share;
  }

  /** A span around a request; it goes on a trace that the client began, and keeps it where the client does. */
  begin(request: Request): Span {
    const parent = parseTraceparent(request.headers.get("traceparent"));
    const traceId = parent?.traceId ?? randomHex(16);
    const sampled = parent?.sampled ?? Math.random() < this.#share;
    const context = { traceId, spanId: randomHex(8), sampled };
    const began = now();
    return {
      run: (work) => this.#current.run(context, work),
      end: (answered) => {
        if (!sampled) return;
        const failed = answered.status >= 500;
        const span = { traceId, spanId: context.spanId, parentSpanId: parent?.spanId, kind: 2 as const, began, failed };
        this.#exporter.add({ ...span, ...describe(answered), ended: now() });
      },
    };
  }

  /** Runs a part of a request in a span of its own; outside of one, as it is. */
  async part<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const parent = this.#current.getStore();
    if (!parent?.sampled) return await work();
    const context = { ...parent, spanId: randomHex(8) };
    const began = now();
    let failed = true;
    try {
      const result = await this.#current.run(context, work);
      failed = false;
      return result;
    } finally {
      const { traceId, spanId } = context;
      const span = { traceId, spanId, parentSpanId: parent.spanId, name, kind: 3 as const, attributes: {} };
      this.#exporter.add({ ...span, began, ended: now(), failed });
    }
  }

  /** A `fetch` that tells whom it asks which trace that belongs to. */
  traced(fetch: Fetch): Fetch {
    return async (request) => {
      const context = this.#current.getStore();
      if (context) request.headers.set("traceparent", formatTraceparent(context));
      return await fetch(request);
    };
  }

  close(): Promise<void> {
    return this.#exporter.close();
  }
}

/**
 * Traces by the variables of the OpenTelemetry specification; undefined where no endpoint is set.
 * OTEL_TRACES_SAMPLER_ARG is the share of traces begun here that are kept, 0 to 1; all by default.
 */
export function openTracer(env: Env, version: string, log: (error: unknown, message: string) => void, fetch: Fetch) {
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const url = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || (base && `${base.replace(/\/$/, "")}/v1/traces`);
  if (!url || env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return undefined;
  if (!URL.canParse(url)) throw new Error(`OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(url)} is not a URL`);
  const headers = parseHeaders(env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] ?? env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "");
  const serviceName = env["OTEL_SERVICE_NAME"] || "waybill";
  const share = Number(env["OTEL_TRACES_SAMPLER_ARG"] || 1);
  return new Tracer(new TraceExporter({ url, headers, serviceName, version, fetch, log }), share);
}

/** `name=value,name=value`, with percent-encoded values. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const [, name, value = ""] = /^\s*([\w-]+)\s*=(.*)$/.exec(pair) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), decodeURIComponent(value.trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function describe({ request, path, route, status, requestId }: Answered) {
  const attributes = {
    "http.request.method": request.method,
    "http.response.status_code": status,
    "url.path": path,
    "waybill.request_id": requestId,
  };
  return { name: `${request.method} ${route}`, attributes };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
