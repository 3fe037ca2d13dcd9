/** Somebody who is told: a real HTTP server that checks signatures as Standard Webhooks has them. */
import { createHmac } from "node:crypto";

export interface Told {
  readonly id: string;
  readonly type: string | null;
  readonly isSigned: boolean;
  readonly event: {
    readonly type: string;
    readonly subject: string;
    readonly source: string;
    readonly id: string;
    readonly specversion: string;
    readonly time: string;
    readonly datacontenttype: string;
    readonly data: Record<string, unknown>;
  };
}

/** @param status what it answers, at the time */
export function startReceiver(secret: string, status: () => number = () => 204) {
  const told: Told[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = await request.text();
      const [id, time, signature] = ["id", "timestamp", "signature"].map(
        (name) => request.headers.get(`webhook-${name}`) ?? "",
      );
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      const expected = `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`;
      const type = request.headers.get("content-type");
      told.push({ id: id ?? "", type, isSigned: signature === expected, event: JSON.parse(body) });
      return new Response(null, { status: status() });
    },
  });
  return { told, url: server.url.href, host: server.url.host, [Symbol.dispose]: () => void server.stop(true) };
}

export const secret = `whsec_${Buffer.alloc(32, "secret").toString("base64")}`;
