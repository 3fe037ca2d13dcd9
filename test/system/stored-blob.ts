/** Images in a server that runs as a process. */
import { readFileSync } from "node:fs";
import { Administration } from "../../src/client/administration.ts";
import { resolveCaller } from "../../src/sources/identity.ts";
import { basic } from "../server.ts";

interface Server {
  readonly origin: string;
  /** The file of the owner's key. */
  readonly key: string;
}

const project = "project";

async function createProject({ origin, key }: Server): Promise<void> {
  const caller = resolveCaller({ "key-file": key, server: origin }, { env: {}, now: Date.now });
  await new Administration(caller, fetch).call("POST", "/v1/projects", { projectId: project, name: project });
}

/** Makes a project and pushes a blob of so many bytes. Answers how it is fetched. */
export async function pushBlob(server: Server, bytes: number) {
  await createProject(server);
  return await push(server, Buffer.alloc(bytes, "waybill "));
}

/** Pushes a manifest of nothing, as project/image:1. @param isNew whether the project is to be made */
export async function pushManifest(server: Server, isNew = true) {
  if (isNew) await createProject(server);
  const { digest, headers } = await push(server, Buffer.from("{}"));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const config = { mediaType: "application/vnd.oci.empty.v1+json", digest, size: 2 };
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  const url = `${server.origin}/v2/${project}/image/manifests/1`;
  const done = await fetch(url, { method: "PUT", headers: { ...headers, "content-type": mediaType }, body });
  if (done.status !== 201) throw new Error(`the manifest was not taken: ${done.status} ${await done.text()}`);
  return { digest: done.headers.get("docker-content-digest") ?? "", headers };
}

async function push({ origin, key }: Server, content: Buffer<ArrayBuffer>) {
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
