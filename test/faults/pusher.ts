/** Clients that push as fast as they can, in every form that the specification has, and remember what was acknowledged. */

import { digestOf } from "../../src/registry/digest.ts";
import { descriptor } from "../registry/small-image.ts";
import type { Random } from "./random.ts";

const mediaType = "application/vnd.oci.image.manifest.v1+json";

/** What the pushers know. Paths begin with `/v2/`. */
export interface Ledger {
  /** Answered with 201. */
  readonly acknowledged: Set<string>;
  /** Sent, and not answered. */
  readonly unanswered: Set<string>;
  /** Answers that no server may give. */
  readonly wrong: string[];
}

export function emptyLedger(): Ledger {
  return { acknowledged: new Set(), unanswered: new Set(), wrong: [] };
}

/** The server went away in the middle, or said that it can take no more. */
export class Gone extends Error {}

export interface Connection {
  readonly origin: string;
  readonly authorization: string;
}

/** Pushes images until the server is gone. */
export async function pushUntilGone(to: Connection, repository: string, random: Random, ledger: Ledger): Promise<void> {
  try {
    for (;;) await pushRandomImage(to, repository, random, ledger);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

export async function pushRandomImage(
  to: Connection,
  repository: string,
  random: Random,
  ledger: Ledger,
): Promise<void> {
  const blobs = Array.from({ length: 2 + random.below(2) }, () => random.bytes(1 + random.below(200_000)));
  for (const blob of blobs) {
    const path = `/v2/${repository}/blobs/${digestOf(blob)}`;
    await acknowledged(ledger, path, () => pushBlob(to, repository, blob, random));
  }
  const [config, ...layers] = blobs.map((blob) => descriptor("application/octet-stream", blob));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  const [byTag, byDigest] = [random.below(3) > 0, `/v2/${repository}/manifests/${digestOf(manifest)}`];
  const path = byTag ? `/v2/${repository}/manifests/tag-${random.below(5)}` : byDigest;
  const init = { method: "PUT", headers: { "content-type": mediaType }, body: manifest };
  await acknowledged(ledger, byDigest, () => send(to, path, init));
}

async function acknowledged(ledger: Ledger, path: string, push: () => Promise<Response>): Promise<void> {
  if (!ledger.acknowledged.has(path)) ledger.unanswered.add(path);
  const answer = await push();
  if (answer.status === 201) {
    ledger.unanswered.delete(path);
    ledger.acknowledged.add(path);
    return;
  }
  const text = await answer.text();
  if (answer.status === 507 || answer.status === 503) throw new Gone(`${answer.status} ${text}`);
  ledger.wrong.push(`${path}: ${answer.status} ${text}`);
}

/** One of the ways to push a blob; answers the last response. */
async function pushBlob(
  to: Connection,
  repository: string,
  blob: Buffer<ArrayBuffer>,
  random: Random,
): Promise<Response> {
  const [uploads, digest] = [`/v2/${repository}/blobs/uploads/`, digestOf(blob)];
  const form = random.below(3);
  if (form === 0) return await send(to, `${uploads}?digest=${digest}`, { method: "POST", body: blob });
  let answer = await send(to, uploads, { method: "POST" });
  const cut = form === 1 ? 0 : random.below(blob.byteLength);
  for (const [start, end] of form === 1
    ? []
    : ([
        [0, cut],
        [cut, blob.byteLength],
      ] as const)) {
    if (answer.status !== 202 || start === end) continue;
    const headers = { "content-range": `${start}-${end - 1}` };
    const body = blob.subarray(start, end);
    answer = await send(to, answer.headers.get("location") ?? "", { method: "PATCH", headers, body });
  }
  if (answer.status !== 202) return answer;
  const location = `${answer.headers.get("location")}?digest=${digest}`;
  return await send(to, location, { method: "PUT", ...(form === 1 && { body: blob }) });
}

/** Throws Gone when nobody answers. */
export async function send(
  { origin, authorization }: Connection,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = { authorization, ...(init.headers as Record<string, string>) };
  const request = fetch(`${origin}${path}`, { ...init, headers });
  const answer = await request.catch((error) => {
    throw new Gone("no answer", { cause: error });
  });
  const body = await answer.bytes().catch((error) => {
    throw new Gone("half an answer", { cause: error });
  });
  return new Response(answer.status === 204 ? null : body, { status: answer.status, headers: answer.headers });
}
