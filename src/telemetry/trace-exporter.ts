/** A span that has ended. Times are milliseconds since 1970. */
export interface EndedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client. */
  readonly kind: 1 | 2 | 3;
  readonly began: number;
  readonly ended: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface ExporterOptions {
  /** Where spans go: `http://collector:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly log: (error: unknown, message: string) => void;
  readonly everyMilliseconds?: number;
}

const everyMillisecondsDefault = 2000;
/** Spans that wait; a collector that is away costs this much memory and no more: later ones are dropped. */
const waitingMax = 4096;
const timeoutMilliseconds = 10_000;

/** Sends spans to a collector by OTLP/HTTP in JSON, some at a time. A request never waits for it. */
export class TraceExporter {
  readonly #options: ExporterOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #waiting: EndedSpan[] = [];
  #failing = false;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.send(), options.everyMilliseconds ?? everyMillisecondsDefault);
    this.#timer.unref();
  }

  add(span: EndedSpan): void {
    if (this.#waiting.length < waitingMax) this.#waiting.push(span);
  }

  /** Sends what waits. What a collector does not take is lost: traces are no log. Said once for each time that it is away. */
  async send(): Promise<void> {
    const spans = this.#waiting.splice(0);
    if (spans.length === 0) return;
    const { url, headers, fetch, log } = this.#options;
    try {
      const signal = AbortSignal.timeout(timeoutMilliseconds);
      const body = JSON.stringify(this.#message(spans));
      const request = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body, signal };
      const answer = await fetch(new Request(url, { ...request, redirect: "manual" }));
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`the collector answered with status ${answer.status}`);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log(error, "traces cannot be sent");
      this.#failing = true;
    }
  }

  /** Sends the rest. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.send();
  }

  #message(spans: readonly EndedSpan[]) {
    const { serviceName, version } = this.#options;
    const resource = { attributes: attributesOf({ "service.name": serviceName, "service.version": version }) };
    return {
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "waybill", version }, spans: spans.map(toOtlp) }] }],
    };
  }
}

function toOtlp({ traceId, spanId, parentSpanId, name, kind, began, ended, failed, attributes }: EndedSpan) {
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: nanoseconds(began),
    endTimeUnixNano: nanoseconds(ended),
    attributes: attributesOf(attributes),
    status: failed ? { code: 2 } : {},
  };
}

/** Protobuf's JSON has 64-bit numbers as text. */
function nanoseconds(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1000)) * 1000n);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}
