import type { RequestContext } from "../names.ts";

/** Which of our two cookies: `session` is somebody signed in, `visit` is somebody who is about to. */
export type CookieKind = "session" | "visit";

const names: Readonly<Record<CookieKind, string>> = { session: "waybill", visit: "waybill-visit" };

/** What a request's cookie of ours holds; empty for none. */
export function readCookie(request: Request, kind: CookieKind, context: RequestContext): string {
  const name = nameOf(kind, context);
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return "";
}

/** A Set-Cookie header. It ends with the browser's own session; the server's rows end earlier, where they must. */
export function setCookie(kind: CookieKind, value: string, context: RequestContext): string {
  return `${nameOf(kind, context)}=${value}; ${attributes(context)}`;
}

/** A Set-Cookie header that takes ours away. */
export function clearCookie(kind: CookieKind, context: RequestContext): string {
  return `${nameOf(kind, context)}=; Max-Age=0; ${attributes(context)}`;
}

/** Over HTTPS no other host of the domain, and nobody on plain HTTP, can set a cookie of this name (RFC 6265bis section 4.1.3). */
function nameOf(kind: CookieKind, context: RequestContext): string {
  return isHttps(context) ? `__Host-${names[kind]}` : names[kind];
}

/** Lax: an OIDC provider sends people back here, and a strict cookie would stay behind. Nothing changes by a GET. */
function attributes(context: RequestContext): string {
  return `Path=/; HttpOnly; SameSite=Lax${isHttps(context) ? "; Secure" : ""}`;
}

function isHttps({ origin }: RequestContext): boolean {
  return origin.startsWith("https:");
}
