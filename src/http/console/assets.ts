import { digestOf } from "../../registry/digest.ts";
import stylesheet from "./assets/console.css" with { type: "text" };
import script from "./assets/console.js" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import passkeyScript from "./assets/passkey.js" with { type: "text" };

/** What pages may name. Each is a file of ours: the policy of every page forbids anything else. */
const files = {
  "console.css": { text: stylesheet, type: "text/css; charset=utf-8" },
  "console.js": { text: script, type: "text/javascript; charset=utf-8" },
  "passkey.js": { text: passkeyScript, type: "text/javascript; charset=utf-8" },
  "icon.svg": { text: icon, type: "image/svg+xml" },
} as const;

export type AssetName = keyof typeof files;

const prefix = "/console/assets/";
const versions = new Map(Object.entries(files).map(([name, { text }]) => [name, versionOf(text)]));

/** Where a page finds a file: with its contents' hash, so that browsers may keep it until it changes. */
export function assetUrl(name: AssetName): string {
  return `${prefix}${name}?v=${versions.get(name)}`;
}

/** Answers the request for a file; undefined where the path names none. */
export function answerAsset(path: string): Response | undefined {
  const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
  if (!Object.hasOwn(files, name)) return undefined;
  const { text, type } = files[name as AssetName];
  return new Response(text, {
    headers: {
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      // An image that is opened by itself is a document, too.
      "content-security-policy": "default-src 'none'",
    },
  });
}

function versionOf(text: string): string {
  return digestOf(Buffer.from(text)).slice("sha256:".length, "sha256:".length + 12);
}
