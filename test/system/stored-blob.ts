/** A blob in a server that runs as a process. */
import { readFileSync } from "node:fs";
import { Administration } from "../../src/client/administration.ts";
import { resolveCaller } from "../../src/sources/identity.ts";
import { basic } from "../server.ts";

export const project = "project";

/** Makes a project and pushes a blob of so many bytes. Answers how it is fetched. */
export async function pushBlob({ origin, key }: { origin: string; key: string }, bytes: number) {
  const caller = resolveCaller({ "key-file": key, server: origin }, { env: {}, now: Date.now });
  await new Administration(caller, fetch).call("POST", "/v1/projects", { projectId: project, name: project });
  const content = Buffer.alloc(bytes, "waybill ");
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
  const headers = basic("_json_key", readFileSync(key, "utf8"));
  const blobs = `${origin}/v2/${project}/image/blobs`;
  const begun = await fetch(`${blobs}/uploads/`, { method: "POST", headers });
  const place = new URL(begun.headers.get("location") ?? "", origin);
  place.searchParams.set("digest", digest);
  const done = await fetch(place, { method: "PUT", headers, body: content });
  if (done.status !== 201) throw new Error(`the blob was not taken: ${done.status} ${await done.text()}`);
  return { url: `${blobs}/${digest}`, headers, digest };
}
