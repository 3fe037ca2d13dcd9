import { formatTable } from "../table.ts";
import type { Exchange, Trace } from "./exchange.ts";

/** The conversation for a person: an exchange a line, and below it what a refusal or a challenge said. */
export function formatExchanges({ exchanges }: Trace): string {
  if (exchanges.length === 0) return "Nothing was said to a registry by a way that can be recorded.\n";
  const origins = new Set(exchanges.map(({ url }) => new URL(url).origin));
  const rows = exchanges.map((exchange) => [
    `${(exchange.startMilliseconds / 1000).toFixed(3)}s`,
    exchange.method,
    shortUrl(exchange.url, origins.size === 1),
    exchange.status === 0 ? "none" : String(exchange.status),
    size(exchange.requestBytes),
    size(exchange.responseBytes),
    `${exchange.milliseconds} ms`,
    exchange.requestHeaders.authorization ?? "",
  ]);
  const [headings, ...lines] = formatTable(
    ["START", "METHOD", "URL", "STATUS", "SENT", "RECEIVED", "TOOK", "AUTHORIZATION"],
    rows,
  ).split("\n");
  const noted = exchanges.flatMap((exchange, index) => [lines[index] ?? "", ...notes(exchange)]);
  const where = origins.size === 1 ? `${[...origins][0]}\n` : "";
  return `${where}${[headings, ...noted].join("\n")}\n`;
}

function notes({ error, responseHeaders }: Exchange): string[] {
  const challenge = responseHeaders["www-authenticate"];
  const location = responseHeaders.location;
  return [
    ...(challenge === undefined ? [] : [`        ← ${challenge}`]),
    ...(location === undefined ? [] : [`        → ${location}`]),
    ...(error === undefined ? [] : [`        ${error}`]),
  ];
}

/** Without what is the same everywhere; digests are told apart by their first figures. */
function shortUrl(url: string, isSameOrigin: boolean): string {
  const shown = isSameOrigin ? url.slice(new URL(url).origin.length) : url;
  const readable = shown.replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
  return readable.replaceAll(/(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+/gi, "$1…");
}

function size(bytes: number): string {
  if (bytes < 10_000) return String(bytes);
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)}k` : `${Math.round(bytes / 1_000_000)}M`;
}
