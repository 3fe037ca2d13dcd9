import type { Server } from "bun";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import type { NameSettings } from "../../../src/http/names.ts";
import { startTestServer, type TestServer } from "../../server.ts";

/** Debian's. The flags keep it from looking for servers of its maker's, which a closed network would refuse. */
const executablePath = "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({ executablePath, args: [...args, ...more], timeout: 60_000 });
}

/** A test server that a browser can reach. @param settings names that it is to show */
export async function serveForBrowser(settings: Partial<NameSettings> = {}) {
  let app: TestServer | undefined;
  const sockets: Server<undefined> = Bun.serve({
    port: 0,
    hostname: "localhost",
    idleTimeout: 0,
    async fetch(request) {
      const { method, headers } = request;
      const body = request.body ? { body: await request.arrayBuffer() } : {};
      return (await app?.fetch(request.url, { method, headers, ...body })) ?? new Response("starting", { status: 503 });
    },
  });
  const server = await startTestServer({ port: sockets.port ?? 0, ...settings });
  app = server;
  return {
    server,
    origin: `http://localhost:${sockets.port}`,
    async close() {
      await sockets.stop(true);
      await server.close();
    },
  };
}

/** A context that is signed in, and told if the page asks anybody but the server or complains. */
export async function signedIn(browser: Browser, origin: string, cookie: string, options = {}) {
  const context: BrowserContext = await browser.newContext(options);
  await context.addCookies([{ name: "waybill", value: cookie, url: origin, httpOnly: true, sameSite: "Lax" }]);
  const troubles: string[] = [];
  context.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) troubles.push(`asked ${request.url()}`);
  });
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  context.on("weberror", (error) => troubles.push(String(error.error())));
  return { context, troubles };
}
