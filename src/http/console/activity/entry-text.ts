import type { AuditEntry } from "../../../audit/filter.ts";

/** An entry of the log in words. */
export interface EntryText {
  readonly what: string;
  readonly on: string;
  readonly state: "good" | "bad" | "plain";
}

/** What an entry tells. Its texts were a client's own: they are escaped where they are shown. */
export function entryText(entry: AuditEntry): EntryText {
  const text = (name: string) => (entry[name] === undefined ? "" : shorten(String(entry[name])));
  switch (entry.kind) {
    case "token.issued":
      return {
        what: `Token issued (${text("token")}, by ${text("grant")})`,
        on: listText(entry.access),
        state: "plain",
      };
    case "credential.refused":
      return { what: `Credential refused: ${text("reason")}`, on: "", state: "bad" };
    case "token.refused":
      return { what: `Token refused: ${text("reason")}`, on: text("subject"), state: "bad" };
    case "decision.refused":
      return { what: `Refused: ${text("permission")} (${text("reason")})`, on: text("resource"), state: "bad" };
    case "administration":
      return entry.outcome === "failed"
        ? { what: `Change failed: ${text("method")}`, on: text("resource"), state: "bad" }
        : { what: `Changed: ${text("method")}`, on: text("resource"), state: "good" };
    case "image.pushed": {
      const tags = listText(entry.tags);
      return {
        what: `Image pushed${tags && ` as ${tags}`}`,
        on: `${text("repository")}@${text("digest")}`,
        state: "good",
      };
    }
    case "blob.pushed": {
      const [many, source] = [Array.isArray(entry.digests) ? entry.digests.length : 0, text("mountedFrom")];
      const what = `${many === 1 ? "Blob" : `${many} blobs`} ${source ? `mounted from ${source}` : "pushed"}`;
      return { what, on: text("repository"), state: "plain" };
    }
    case "upload.cancelled":
      return { what: "Upload cancelled", on: text("repository"), state: "plain" };
    case "image.deleted":
      return { what: "Image deleted", on: `${text("repository")} ${text("reference")}`, state: "plain" };
    case "image.first-pulled":
      return { what: "First pull", on: `${text("repository")}@${text("digest")}`, state: "plain" };
    case "session":
      return { what: `Session: ${text("action")}`, on: "", state: "plain" };
    case "repeated":
      return { what: `${text("times")} more: ${text("of")} (${text("reason")})`, on: text("resource"), state: "plain" };
    default:
      return { what: text("kind"), on: "", state: "plain" };
  }
}

/** Who and from where, as an entry names them. */
export function whoText({ who, from }: AuditEntry): { readonly who: string; readonly from: string } {
  const { principal = "" } = (who ?? {}) as { principal?: string };
  const { address = "", agent = "" } = (from ?? {}) as { address?: string; agent?: string };
  return { who: principal === "" ? "nobody known" : principal, from: [address, agent].filter(Boolean).join(" · ") };
}

/** Whether an entry tells of something that was refused, once or several times. */
export function isRefusal({ kind, of }: AuditEntry): boolean {
  return String(kind).endsWith(".refused") || (kind === "repeated" && String(of).endsWith(".refused"));
}

/** A digest's first twelve digits tell it from others. */
function shorten(text: string): string {
  return text.replaceAll(/sha(?:256|512):([0-9a-f]{12})[0-9a-f]+/g, "$1");
}

function listText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).slice(0, 5).join(", ") : "";
}
