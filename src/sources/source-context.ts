import type { Context } from "./context.ts";
import { Failure } from "./failure.ts";
import { serverOf } from "./server.ts";
import type { Settings } from "./settings.ts";
import type { SourceContext } from "./token-source.ts";

/** What sources are given: the settings, and a network that ends at the deadline. */
export function sourceContext(
  { env, now, fetch, stderr }: Context,
  settings: Settings,
  signal: AbortSignal,
): SourceContext {
  const endpoints = endpointsOf(settings);
  return {
    env,
    now,
    stderr,
    settings,
    signal,
    fetch: (request) => fetch(bounded(redirected(request, endpoints), signal)),
  };
}

/** Where requests to Google's services go instead: an installation may reach them by private addresses only. */
export function endpointsOf({ whole }: Settings): ReadonlyMap<string, string> {
  const endpoints = Object.entries((whole.endpoints ?? {}) as Record<string, string>);
  return new Map(endpoints.map(([from, to]) => [from, serverOf(parseUrl(to))]));
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new Failure(`the endpoint ${JSON.stringify(text)} is not a URL`, "waybill config list");
  return url;
}

/** The same request to the endpoint that stands in for its own. */
export function redirected(request: Request, endpoints: ReadonlyMap<string, string>): Request {
  const url = new URL(request.url);
  const endpoint = endpoints.get(url.origin);
  return endpoint === undefined ? request : new Request(endpoint + url.pathname + url.search, request);
}

/** A redirect is never followed: a credential is meant for the address that it was sent to. */
function bounded(request: Request, signal: AbortSignal): Request {
  return new Request(request, { redirect: "manual", signal: AbortSignal.any([signal, request.signal]) });
}
