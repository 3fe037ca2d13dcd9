import { describe, expect, test } from "bun:test";
import { formatTraceparent, parseTraceparent } from "../../src/telemetry/trace-context.ts";
import { type EndedSpan, TraceExporter } from "../../src/telemetry/trace-exporter.ts";
import { openTracer } from "../../src/telemetry/tracer.ts";
import { startProgram } from "../system/running-server.ts";
import { pushBlob } from "../system/stored-blob.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("parseTraceparent", () => {
  const rows: [header: string | null, sampled: boolean | undefined][] = [
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, true],
    [`00-${traceId}-${spanId}-01-more`, undefined],
    [`ff-${traceId}-${spanId}-01`, undefined],
    [`00-${"0".repeat(32)}-${spanId}-01`, undefined],
    [`00-${traceId}-${"0".repeat(16)}-01`, undefined],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
    [`00-${traceId}-${spanId}`, undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [header, sampled] of rows)
    test(`of ${header} is ${sampled === undefined ? "nothing" : `kept: ${sampled}`}`, () => {
      expect(parseTraceparent(header)?.sampled).toBe(sampled);
    });

  test("gives back what formatTraceparent wrote", () => {
    const context = { traceId, spanId, sampled: true };
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
  });
});

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[];
}

/** A collector: takes OTLP/HTTP in JSON as the specification has it, and keeps it. */
function collector() {
  const spans: Span[] = [];
  const seen: { path: string; authorization: string | null; service: string | undefined }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const message = (await request.json()) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue: string } }[] };
          scopeSpans: { spans: Span[] }[];
        }[];
      };
      for (const { resource, scopeSpans } of message.resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue;
        const { pathname } = new URL(request.url);
        seen.push({ path: pathname, authorization: request.headers.get("authorization"), service });
        spans.push(...scopeSpans.flatMap((each) => each.spans));
      }
      return Response.json({});
    },
  });
  return { spans, seen, endpoint: server.url.origin, [Symbol.dispose]: () => void server.stop(true) };
}

test("a request goes on the trace of its client, with what it asked of the storage, and says so to a collector", async () => {
  using otlp = collector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20collector",
    OTEL_SERVICE_NAME: "registry",
  };
  await using server = await startProgram(["--listen=127.0.0.1:0"], env);
  const { url, headers } = await pushBlob(server, 1000);
  const traceparent = `00-${traceId}-${spanId}-01`;
  await (await fetch(url, { method: "HEAD", headers: { ...headers, traceparent } })).bytes();
  await fetch(url, { headers: { ...headers, traceparent: `00-${"1".repeat(32)}-${spanId}-00` } });
  expect(await server.stop()).toBe(0);
  const ours = otlp.spans.find((span) => span.traceId === traceId && span.kind === 2);
  expect(ours).toMatchObject({ parentSpanId: spanId, name: "HEAD blob", kind: 2 });
  expect(ours?.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(BigInt(ours?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(ours?.startTimeUnixNano ?? 1));
  expect(ours?.attributes).toContainEqual({ key: "http.response.status_code", value: { intValue: "200" } });
  // Whoever began it does not keep it.
  expect(otlp.spans.filter((span) => span.traceId === "1".repeat(32))).toEqual([]);
  const push = otlp.spans.find(({ name }) => name === "PUT upload");
  const parts = otlp.spans.filter(({ parentSpanId }) => parentSpanId !== undefined && parentSpanId === push?.spanId);
  expect(parts.map(({ name }) => name)).toContain("store commit");
  expect(parts.map(({ name }) => name)).toContain("database write");
  expect(new Set(otlp.seen.map((each) => JSON.stringify(each)))).toEqual(
    new Set([JSON.stringify({ path: "/v1/traces", authorization: "Bearer collector", service: "registry" })]),
  );
  expect(JSON.stringify(otlp.spans)).not.toContain("PRIVATE KEY");
}, 60_000);

describe("a tracer", () => {
  const silent = () => {};

  test("is none without an endpoint, and none when it is switched off", () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:1";
    expect(openTracer({}, "1", silent, fetch)).toBeUndefined();
    expect(openTracer({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: "true" }, "1", silent, fetch)).toBeUndefined();
    expect(() => openTracer({ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, "1", silent, fetch)).toThrow(/not a URL/);
  });

  test("tells whom a request asks which trace that belongs to, and nobody outside of one", async () => {
    const asked: (string | null)[] = [];
    const outside = async (request: Request) => {
      asked.push(request.headers.get("traceparent"));
      return new Response();
    };
    const tracer = openTracer({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" }, "1", silent, outside);
    const traced = tracer?.traced(outside);
    await traced?.(new Request("http://upstream.test/"));
    const request = new Request("http://x/", { headers: { traceparent: `00-${traceId}-${spanId}-00` } });
    await tracer?.begin(request).run(async () => await traced?.(new Request("http://upstream.test/")));
    expect(asked[0]).toBeNull();
    expect(asked[1]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(asked[1]).not.toContain(spanId);
    await tracer?.close();
  });

  test("keeps no more than so many spans for a collector that is away, and says it once", async () => {
    const said: string[] = [];
    const bodies: string[] = [];
    let isAway = true;
    const exporter = new TraceExporter({
      url: "http://collector.test/v1/traces",
      headers: {},
      serviceName: "s",
      version: "1",
      everyMilliseconds: 60_000,
      log: (_error, message) => said.push(message),
      async fetch(request) {
        if (isAway) throw new Error("away");
        bodies.push(await request.text());
        return new Response();
      },
    });
    const span: EndedSpan = { traceId, spanId, name: "n", kind: 1, began: 0, ended: 1, failed: false, attributes: {} };
    exporter.add(span);
    await exporter.send();
    exporter.add(span);
    await exporter.send();
    expect(said).toEqual(["traces cannot be sent"]);
    isAway = false;
    for (let count = 0; count < 10_000; count++) exporter.add(span);
    await exporter.close();
    expect(JSON.parse(bodies[0] ?? "").resourceSpans[0].scopeSpans[0].spans).toHaveLength(4096);
  });
});
