import { mask } from "../mask.ts";

/** One request and its answer, without anything that a stranger could use. */
export type Exchange = {
  method: string;
  /** The whole address; values of a query that may be secret are left out. */
  url: string;
  requestHeaders: Record<string, string>;
  requestBytes: number;
  /** A part of an image that was sent, in base64: only where somebody asked for it. */
  requestBody?: string;
  /** 0 where no answer came; `error` says why. */
  status: number;
  responseHeaders: Record<string, string>;
  responseBytes: number;
  /** Since the recording began. */
  startMilliseconds: number;
  milliseconds: number;
  /** What a refusal said. */
  error?: string;
};

/** A recorded conversation, as its file holds it. */
export type Trace = { format: typeof traceFormat; command: string[]; exchanges: Exchange[] };

export const traceFormat = "waybill-trace/1";

const requestHeaderNames = ["accept", "authorization", "content-range", "content-type", "range", "user-agent"];
const responseHeaderNames = [
  "content-length",
  "content-range",
  "content-type",
  "docker-content-digest",
  "link",
  "location",
  "oci-subject",
  "range",
  "retry-after",
  "set-cookie",
  "warning",
  "www-authenticate",
];

/** Parameters of a query that say what is wanted, and of whom. The value of every other one may be a secret. */
const openParameters = new Set([
  "account",
  "artifactType",
  "client_id",
  "digest",
  "from",
  "last",
  "mount",
  "n",
  "ns",
  "offline_token",
  "q",
  "scope",
  "service",
  "tag",
]);

/** Stands for what was left out. */
export const redacted = "[redacted]";

/** The headers of a request that a reader needs. */
export function requestHeaders(headers: Headers): Record<string, string> {
  return selected(headers, requestHeaderNames);
}

/** The headers of an answer that a reader needs. */
export function responseHeaders(headers: Headers): Record<string, string> {
  return selected(headers, responseHeaderNames);
}

/** An address without what may be secret in it. */
export function redactUrl(text: string, base?: string): string {
  const url = URL.parse(text, base);
  if (!url) return mask(text);
  const isRelative = base !== undefined && URL.parse(text) === null;
  for (const name of new Set(url.searchParams.keys()))
    if (!openParameters.has(name)) url.searchParams.set(name, redacted);
  url.username = "";
  url.password = "";
  url.hash = "";
  // Left readable: nobody parses it again but `replay`, which takes either spelling.
  const shown = url.href.replaceAll(encodeURIComponent(redacted), redacted);
  return mask(isRelative ? shown.slice(url.origin.length) : shown);
}

function selected(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, redactHeader(name, value)]];
    }),
  );
}

function redactHeader(name: string, value: string): string {
  switch (name) {
    case "authorization":
      return redactAuthorization(value);
    case "set-cookie":
      return redacted;
    case "location":
      return redactUrl(value, "http://relative.invalid");
    default:
      return mask(value);
  }
}

/** What kind of credential it was says much; who reads a bug report needs no more. */
function redactAuthorization(value: string): string {
  const scheme = /^[A-Za-z]+/.exec(value)?.[0] ?? "";
  if (scheme.toLowerCase() !== "basic") return `${scheme} ${redacted}`;
  const [user = ""] = Buffer.from(value.slice(scheme.length).trim(), "base64").toString("utf8").split(":", 1);
  return /^(?:_\w*token|_json_key\w*|oauth2accesstoken|gclouddockertoken)$/.test(user)
    ? `${scheme} ${user}:${redacted}`
    : `${scheme} ${redacted}`;
}
