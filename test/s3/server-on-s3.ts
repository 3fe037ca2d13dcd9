/** A registry as a process of its own whose blobs lie in a bucket of a real S3 server. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownerAuthorization, type ServerProcess, startServerProcess } from "../faults/server-process.ts";
import { sharedRadosgw } from "../radosgw.ts";

export interface ServerOnS3 extends ServerProcess {
  readonly data: string;
  /** What its --blobs is. */
  readonly blobs: string;
  /** Sends a request as the owner, who may push to `my-project`. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface OnS3 {
  /** Another way in to the shared S3 server. */
  readonly endpoint?: string;
  /** Another place than a bucket of its own. */
  readonly blobs?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More options of `waybill serve`. */
  readonly more?: readonly string[];
}

export async function startServerOnS3({ endpoint, blobs: place, env, more = [] }: OnS3 = {}) {
  const radosgw = await sharedRadosgw();
  const data = join(mkdtempSync(join(tmpdir(), "waybill-on-s3-")), "data");
  const blobs = place ?? `s3://${await radosgw.bucket()}?endpoint=${endpoint ?? radosgw.endpoint}`;
  const variables = Object.entries(env ?? radosgw.env).map(([name, value]) => `${name}=${value}`);
  const server = await startServerProcess(data, ["env", ...variables], ["--blobs", blobs, ...more]);
  const authorization = await ownerAuthorization(server, data);
  const ask = async (path: string, init: RequestInit = {}) =>
    await fetch(new URL(path, server.origin), { ...init, headers: { authorization, ...init.headers } });
  const project = { projectId: "my-project" };
  const made = await ask("/v1/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(project),
  });
  if (!made.ok) throw new Error(`no project: ${made.status} ${await made.text()}`);
  return { ...server, data, blobs, fetch: ask } satisfies ServerOnS3;
}
