import { timingSafeEqual } from "node:crypto";
import type { Config } from "./config/config.ts";
import { listenHost, listenPort } from "./config/listen-address.ts";
import type { Metrics } from "./telemetry/metric.ts";

/** Where metrics are looked at. */
export interface MetricsListener {
  readonly origin: string;
  close(): void;
}

/**
 * Opens `--metrics-listen`: /metrics in Prometheus' text format, on a port of its own, so that no rule of a proxy decides
 * who may see it. Undefined without that setting.
 */
export function listenForMetrics(
  { "metrics-listen": listen, "metrics-token": token }: Pick<Config, "metrics-listen" | "metrics-token">,
  metrics: Metrics,
): MetricsListener | undefined {
  if (listen === undefined) return undefined;
  const expected = token && sha256(`Bearer ${token.reveal()}`);
  const server = Bun.serve({
    hostname: listenHost({ listen }),
    port: listenPort({ listen }),
    async fetch(request) {
      if (new URL(request.url).pathname !== "/metrics") return new Response("see /metrics\n", { status: 404 });
      const given = sha256(request.headers.get("authorization") ?? "");
      if (expected && !timingSafeEqual(given, expected)) {
        return new Response("a token is needed\n", { status: 401, headers: { "www-authenticate": "Bearer" } });
      }
      const type = "text/plain; version=0.0.4; charset=utf-8";
      return new Response(await metrics.page(), { headers: { "content-type": type } });
    },
  });
  return { origin: server.url.origin, close: () => void server.stop(true) };
}

/** What is compared is as long for every text. */
function sha256(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
