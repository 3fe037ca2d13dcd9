/** What clients do, once each, as docker does it: every answer's status is checked. */

export interface Caller {
  readonly origin: string;
  /** An access token. */
  readonly token: string;
}

export interface PushedImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly blobs: readonly string[];
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const layersPerImage = 4;
export const layerBytes = 100_000;

/** docker's first step, with what its helper gave it. */
export async function exchangeToken({ origin, token }: Caller, repository: string, actions: string): Promise<string> {
  const basic = Buffer.from(`oauth2accesstoken:${token}`).toString("base64");
  const query = `service=${new URL(origin).host}&scope=repository:${repository}:${actions}`;
  const answer = await fetch(`${origin}/v2/token?${query}`, { headers: { authorization: `Basic ${basic}` } });
  return ((await checked(answer, 200).then((it) => it.json())) as { token: string }).token;
}

/** HEAD by tag, GET by digest, configuration and layers. Where blobs are redirected, the redirect only. */
export async function pull(caller: Caller, { repository, tag, digest, blobs }: PushedImage): Promise<void> {
  const bearer = await exchangeToken(caller, repository, "pull");
  const ask = async (method: string, path: string, statuses: readonly number[]) => {
    const headers = { authorization: `Bearer ${bearer}`, accept: manifestType };
    const answer = await fetch(`${caller.origin}/v2/${repository}/${path}`, { method, headers, redirect: "manual" });
    await checked(answer, ...statuses);
    await answer.arrayBuffer();
  };
  await ask("HEAD", `manifests/${tag}`, [200]);
  await ask("GET", `manifests/${digest}`, [200]);
  for (const blob of blobs) await ask("GET", `blobs/${blob}`, [200, 307]);
}

/** HEAD, POST, PUT for each blob; then the manifest under a tag. */
export async function push(caller: Caller, repository: string): Promise<PushedImage> {
  const bearer = await exchangeToken(caller, repository, "pull,push");
  const headers = { authorization: `Bearer ${bearer}` };
  const base = `${caller.origin}/v2/${repository}`;
  const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", nonce: crypto.randomUUID() }));
  const layers = Array.from({ length: layersPerImage }, () => randomBytes(layerBytes));
  const blobs: { mediaType: string; digest: string; size: number }[] = [];
  for (const bytes of [config, ...layers]) {
    const [digest, size] = [digestOf(bytes), bytes.byteLength];
    await (await checked(await fetch(`${base}/blobs/${digest}`, { method: "HEAD", headers }), 404)).arrayBuffer();
    const opened = await checked(await fetch(`${base}/blobs/uploads/`, { method: "POST", headers }), 202);
    const location = new URL(opened.headers.get("location") ?? "", caller.origin);
    location.searchParams.set("digest", digest);
    await checked(await fetch(location, { method: "PUT", headers, body: bytes }), 201);
    const kind = bytes === config ? "config.v1+json" : "layer.v1.tar";
    blobs.push({ mediaType: `application/vnd.oci.image.${kind}`, digest, size });
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: blobs[0], layers: blobs.slice(1) });
  const tag = `v${crypto.randomUUID()}`;
  const init = { method: "PUT", headers: { ...headers, "content-type": manifestType }, body };
  await checked(await fetch(`${base}/manifests/${tag}`, init), 201);
  const digest = digestOf(body);
  return { repository, tag, digest, blobs: blobs.map((blob) => blob.digest) };
}

/** Listings, as people ask for them. */
export async function lookAround({ origin, token }: Caller, project: string, repository: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  for (const path of [
    `/v2/${repository}/tags/list?n=100&last=v5`,
    "/v2/_catalog?n=100",
    `/v1/search?q=app-1&n=25`,
    `/v2/${project}/tags/list?n=100`,
  ]) {
    await (await checked(await fetch(`${origin}${path}`, { headers }), 200)).arrayBuffer();
  }
}

export async function remove({ origin, token }: Caller, { repository, digest }: PushedImage): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  await checked(await fetch(`${origin}/v2/${repository}/manifests/${digest}`, { method: "DELETE", headers }), 202);
}

export async function createProject({ origin, token }: Caller, projectId: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ projectId, name: projectId });
  await checked(await fetch(`${origin}/v1/projects`, { method: "POST", headers, body }), 200);
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}

function randomBytes(size: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function checked(answer: Response, ...statuses: readonly number[]): Promise<Response> {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
}
