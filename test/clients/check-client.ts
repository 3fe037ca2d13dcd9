/**
 * A small registry client that does on the wire what docker does: the challenge of /v2/, a token for a Basic credential, uploads by
 * POST, PATCH and PUT, the manifest, and back again with every digest compared.
 *
 * It stands in where no real client is installed, and it is the second opinion on what a real client has pushed.
 */
import { type Blob, blob, digestOf, MEDIA_TYPE, type TestImage } from "./image.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface PulledImage {
  /** The digest of the configuration. */
  readonly id: string;
  readonly manifestDigest: string;
  readonly bytes: number;
}

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

const MANIFEST_TYPES = [
  MEDIA_TYPE.manifest,
  "application/vnd.docker.distribution.manifest.v2+json",
  MEDIA_TYPE.index,
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** An answer that was not the expected one, with what the registry said about it. */
export class CheckFailed extends Error {
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super(`${what}: ${status} ${text}`);
    this.status = status;
  }
}

export class CheckClient {
  /** `http://HOST:PORT` or `https://HOST`. */
  readonly origin: string;
  readonly #credentials: Credentials | undefined;
  readonly #tokens = new Map<string, string>();

  constructor(origin: string, credentials?: Credentials) {
    this.origin = origin;
    this.#credentials = credentials;
  }

  async push(repository: string, tag: string, image: TestImage): Promise<void> {
    for (const each of [...image.layers, image.config]) await this.#pushBlob(repository, each);
    await this.pushManifest(repository, tag, image.manifest, MEDIA_TYPE.manifest);
  }

  async pushManifest(repository: string, reference: string, { bytes }: Blob, mediaType: string): Promise<void> {
    const headers = { "content-type": mediaType };
    const path = `/v2/${repository}/manifests/${reference}`;
    await this.#expect(201, "push", repository, path, { method: "PUT", headers, body: bytes });
  }

  /** Pulls everything of one image and compares it: each blob with its digest, each unpacked layer with the configuration. */
  async pull(repository: string, reference: string): Promise<PulledImage> {
    const manifest = await this.manifest(repository, reference);
    const { config, layers } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as Manifest;
    const configuration = await this.#pullBlob(repository, config.digest);
    const { rootfs } = JSON.parse(new TextDecoder().decode(configuration)) as { rootfs: { diff_ids: string[] } };
    let bytes = configuration.length;
    for (const [index, { digest, size }] of layers.entries()) {
      const layer = await this.#pullBlob(repository, digest);
      if (layer.length !== size) throw new Error(`${digest} has ${layer.length} bytes and not ${size}`);
      const unpacked = digestOf(unpack(layer));
      if (unpacked !== rootfs.diff_ids[index]) throw new Error(`layer ${index} unpacks to ${unpacked}`);
      bytes += layer.length;
    }
    return { id: config.digest, manifestDigest: manifest.digest, bytes };
  }

  async manifest(repository: string, reference: string): Promise<Blob> {
    const headers = { accept: MANIFEST_TYPES.join(", ") };
    const path = `/v2/${repository}/manifests/${reference}`;
    const response = await this.#expect(200, "pull", repository, path, { headers });
    const manifest = blob(await response.bytes());
    if (reference.includes(":") && manifest.digest !== reference) throw new Error(`${path} has ${manifest.digest}`);
    return manifest;
  }

  async #pullBlob(repository: string, digest: string): Promise<Uint8Array> {
    const response = await this.#expect(200, "pull", repository, `/v2/${repository}/blobs/${digest}`);
    const bytes = await response.bytes();
    if (digestOf(bytes) !== digest) throw new Error(`${repository}@${digest} has ${digestOf(bytes)}`);
    return bytes;
  }

  async #pushBlob(repository: string, { digest, bytes }: Blob): Promise<void> {
    const head = await this.#send("push", repository, `/v2/${repository}/blobs/${digest}`, { method: "HEAD" });
    if (head.status === 200) return;
    const send = (status: number, path: string, init: RequestInit) =>
      this.#expect(status, "push", repository, path, init);
    const opened = await send(202, `/v2/${repository}/blobs/uploads/`, { method: "POST" });
    const patched = await send(202, locationOf(opened, this.origin), { method: "PATCH", body: bytes });
    const end = new URL(locationOf(patched, this.origin), this.origin);
    end.searchParams.set("digest", digest);
    await send(201, `${end.pathname}${end.search}`, { method: "PUT" });
  }

  async #expect(status: number, action: Action, repository: string, path: string, init: RequestInit = {}) {
    const response = await this.#send(action, repository, path, init);
    if (response.status === status) return response;
    throw new CheckFailed(`${init.method ?? "GET"} ${path}`, response.status, await response.text());
  }

  async #send(action: Action, repository: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${await this.#token(action, repository)}`);
    return fetch(new URL(path, this.origin), { ...init, headers });
  }

  async #token(action: Action, repository: string): Promise<string> {
    const scope = `repository:${repository}:${action === "push" ? "push,pull" : "pull"}`;
    const token = this.#tokens.get(scope) ?? (await this.#askToken(scope));
    this.#tokens.set(scope, token);
    return token;
  }

  async #askToken(scope: string): Promise<string> {
    const { realm, service } = await this.#challenge();
    const url = new URL(realm);
    // A credential goes to the registry it is for, whatever a challenge says.
    if (url.origin !== new URL(this.origin).origin) throw new Error(`the realm is elsewhere: ${realm}`);
    url.searchParams.set("service", service);
    url.searchParams.set("scope", scope);
    const response = await fetch(url, {
      headers: this.#credentials ? { authorization: basic(this.#credentials) } : {},
    });
    if (response.status !== 200) throw new CheckFailed(`GET ${url.pathname}`, response.status, await response.text());
    return ((await response.json()) as { token: string }).token;
  }

  async #challenge(): Promise<{ realm: string; service: string }> {
    const response = await fetch(new URL("/v2/", this.origin));
    const challenge = response.headers.get("www-authenticate") ?? "";
    const parameter = (name: string) => challenge.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "";
    if (response.status === 401 && challenge.startsWith("Bearer ")) {
      return { realm: parameter("realm"), service: parameter("service") };
    }
    throw new CheckFailed("GET /v2/", response.status, `no Bearer challenge: ${challenge}`);
  }
}

type Action = "pull" | "push";

export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function locationOf(response: Response, origin: string): string {
  const location = response.headers.get("location");
  if (!location) throw new Error(`${response.url}: no Location`);
  const url = new URL(location, origin);
  if (url.origin !== new URL(origin).origin) throw new Error(`the upload is elsewhere: ${location}`);
  return `${url.pathname}${url.search}`;
}

/** Docker's tar layers are gzipped or plain. */
function unpack(layer: Uint8Array): Uint8Array {
  return layer[0] === 0x1f && layer[1] === 0x8b ? Bun.gunzipSync(Buffer.from(layer)) : layer;
}
