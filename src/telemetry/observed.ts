import { pathOf } from "../http/url.ts";
import { type RouteClass, routeClassOf } from "./route-class.ts";
import { RequestSeries, type ServerMetrics } from "./server-metrics.ts";

/** What a connection tells and is told. The server's own has more. */
export interface ObservedConnection {
  /** The name of the request that the client sees in `x-request-id`. */
  requestId?: string;
  /** Bytes of the body that were read. */
  received?: (bytes: number) => void;
}

/** An answered request, for the access log. */
export interface Answered {
  readonly request: Request;
  readonly path: string;
  readonly route: RouteClass;
  readonly status: number;
  readonly seconds: number;
  readonly requestId: string;
}

/** A span of a trace around a request; absent where no traces are kept. */
export interface Span {
  /** Runs what belongs to it. */
  run<Result>(work: () => Result): Result;
  end(answered: Answered): void;
}

export interface Observers {
  readonly metrics: ServerMetrics;
  /** Absent where no access log is kept. */
  readonly accessLog?: ((answered: Answered) => void) | undefined;
  /** Told of requests that this server itself failed: the line with the error may not know the request's name. */
  readonly failed?: ((answered: Answered) => void) | undefined;
  /** Absent where no traces are kept. */
  readonly beginSpan?: ((request: Request) => Span) | undefined;
}

type Handle<C> = (request: Request, connection: C) => Response | Promise<Response>;

/** Counts, times and names every request that goes through `handle`. */
export function observed<C extends ObservedConnection>(handle: Handle<C>, observers: Observers): Handle<C> {
  const { metrics, accessLog, failed, beginSpan } = observers;
  const series = new RequestSeries(metrics);
  const inFlight = metrics.inFlight.of();
  const remembered = metrics.remembered.of();
  const newId = requestIds();
  return (request, connection) => {
    const began = performance.now();
    const path = pathOf(request);
    const route = routeClassOf(path);
    const { seconds, received, sent } = series.of(route);
    const requestId = givenId(request) ?? newId();
    const span = beginSpan?.(request);
    connection.requestId = requestId;
    connection.received = (bytes) => received.add(bytes);
    inFlight.add();
    const finish = (status: number): void => {
      const took = (performance.now() - began) / 1000;
      inFlight.add(-1);
      seconds.observe(took);
      series.answered(route, status);
      if (status === 429) metrics.rateLimited.of(route).add();
      const isFailure = status === 500 && failed !== undefined;
      if (accessLog === undefined && span === undefined && !isFailure) return;
      const answered = { request, path, route, status, seconds: took, requestId };
      accessLog?.(answered);
      if (isFailure) failed(answered);
      span?.end(answered);
    };
    const done = (response: Response): Response => {
      finish(response.status);
      if (request.method !== "HEAD") sent.add(Number(response.headers.get("content-length") ?? 0));
      return named(response, requestId);
    };
    const answer = span ? span.run(() => handle(request, connection)) : handle(request, connection);
    if (answer instanceof Promise) {
      return answer.then(done, (error) => {
        finish(500);
        throw error;
      });
    }
    remembered.add();
    return done(answer);
  };
}

/** An answer that came from elsewhere has headers that nobody may change. */
function named(response: Response, requestId: string): Response {
  try {
    response.headers.set("x-request-id", requestId);
    return response;
  } catch {
    const headers = new Headers(response.headers);
    headers.set("x-request-id", requestId);
    return new Response(response.body, { status: response.status, headers });
  }
}

/** A proxy's name for the request goes on, where it is one: it will stand in the log. */
function givenId({ headers }: Request): string | undefined {
  const given = headers.get("x-request-id");
  return given !== null && /^[\w.-]{8,64}$/.test(given) ? given : undefined;
}

/** Names that no two requests share, also of other nodes and other starts. */
function requestIds(): () => string {
  const prefix = crypto.getRandomValues(new Uint8Array(8)).toHex();
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}
