import { createHash } from "node:crypto";
import type { KeyFile } from "../../identity/key-file.ts";
import type { SetupCodes } from "../../setup-codes.ts";
import type { RequestContext } from "../names.ts";

const bodyBytesMax = 1024;

const script = `
const button = document.querySelector("button");
const status = document.querySelector("output");
const code = new URLSearchParams(location.hash.slice(1)).get("code");
history.replaceState(null, "", location.pathname);
button.disabled = !code;
if (!code) status.textContent = "This link has no code. Type waybill setup for a new one.";
button.addEventListener("click", async () => {
  button.disabled = true;
  const answer = await fetch(location.pathname, { method: "POST", body: JSON.stringify({ code }),
    headers: { "content-type": "application/json" } });
  if (!answer.ok) { status.textContent = (await answer.json()).error; return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = "waybill-owner.json";
  link.click();
  status.textContent = "Saved. Keep it secret, then type: waybill auth activate-service-account --push --key-file=waybill-owner.json";
});
`;

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Set up Waybill</title>
<h1>Set up Waybill</h1>
<p>This makes you the owner of this registry. The key file is given out once.</p>
<p><button type="button">Download the owner's key</button></p>
<p><output></output></p>
<script>${script}</script>
</html>
`;

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** `/console/setup`: where the link of `waybill setup` leads. Its code stays in the fragment, out of every log. */
export class SetupPage {
  readonly #codes: SetupCodes;
  readonly #newOwnerKey: (origin: string) => Promise<KeyFile>;

  constructor(codes: SetupCodes, newOwnerKey: (origin: string) => Promise<KeyFile>) {
    this.#codes = codes;
    this.#newOwnerKey = newOwnerKey;
  }

  async handle(request: Request, { origin }: RequestContext): Promise<Response> {
    if (request.method === "GET") return new Response(page, { headers });
    if (request.method !== "POST") return refuse(405, "The page takes GET and POST.");
    // Another site cannot send this type without asking first, and asking is never answered.
    if (request.headers.get("content-type") !== "application/json") return refuse(415, "Send application/json.");
    if (Number(request.headers.get("content-length") ?? bodyBytesMax) >= bodyBytesMax) return refuse(413, "Too long.");
    const body: unknown = await request.json().catch(() => undefined);
    const code = (body as { code?: unknown } | undefined)?.code;
    if (typeof code !== "string" || !this.#codes.spend(code)) {
      return refuse(403, "The link was used or is too old. Type waybill setup for a new one.");
    }
    return Response.json(await this.#newOwnerKey(origin), { headers: { "cache-control": "no-store" } });
  }
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
