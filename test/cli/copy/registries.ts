// Registries as processes of their own, a home whose accounts may push to them, and images to copy.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Home } from "../../helper/home.ts";
import { type AdministeredServer, startAdministeredServer } from "../administered-server.ts";

export const imageType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

/** A registry with a project, and an account of it that may do everything there. */
export async function startRegistry(project: string) {
  const server = await startAdministeredServer();
  const run = async (...argv: string[]) => {
    const { exitCode, stderr } = await server.waybill(argv);
    if (exitCode !== 0) throw new Error(stderr);
  };
  const email = `copier@${project}.iam.waybill.internal`;
  const keyFile = server.home.path(`${project}.json`);
  await run("projects", "create", project);
  await run("iam", "service-accounts", "create", "copier", `--project=${project}`);
  await run(
    "projects",
    "add-iam-policy-binding",
    project,
    `--member=serviceAccount:${email}`,
    "--role=roles/artifactregistry.repoAdmin",
  );
  await run("iam", "service-accounts", "keys", "create", keyFile, `--iam-account=${email}`);
  return { ...server, project, keyFile, host: new URL(server.origin).host };
}

export type Registry = AdministeredServer & { project: string; keyFile: string; host: string };

/** A home that knows these registries. */
export async function homeFor(...registries: readonly Pick<Registry, "keyFile">[]): Promise<Home> {
  const home = new Home();
  for (const { keyFile } of registries) {
    const file = home.write("key.json", readFileSync(keyFile, "utf8"));
    const { exitCode, stderr } = await home.waybill([
      "auth",
      "activate-service-account",
      "--push",
      `--key-file=${file}`,
    ]);
    if (exitCode !== 0) throw new Error(stderr);
  }
  return home;
}

/** Requests to one repository, as a key file's owner. */
export class Pusher {
  readonly #origin: string;
  readonly #keyFile: string | undefined;
  readonly #authorization: string | undefined;

  constructor(origin: string, keyFile?: string) {
    this.#origin = origin;
    this.#keyFile = keyFile;
    if (keyFile !== undefined)
      this.#authorization = `Basic ${Buffer.from(`_json_key:${readFileSync(keyFile, "utf8")}`).toString("base64")}`;
  }

  /** The same caller at another address. */
  at(origin: string): Pusher {
    return new Pusher(origin, this.#keyFile);
  }

  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#authorization !== undefined) headers.set("authorization", this.#authorization);
    return await fetch(`${this.#origin}${path}`, { ...init, headers });
  }

  async expect(status: number, path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await this.send(path, init);
    if (answer.status !== status) throw new Error(`${init.method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async blob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const digest = digestOf(bytes);
    const opened = await this.expect(202, `/v2/${name}/blobs/uploads/`, { method: "POST" });
    const location = new URL(opened.headers.get("location") ?? "", this.#origin);
    location.searchParams.set("digest", digest);
    await this.expect(201, `${location.pathname}${location.search}`, { method: "PUT", body: bytes });
    return digest;
  }

  async manifest(name: string, reference: string, document: object, type = imageType): Promise<string> {
    const body = JSON.stringify(document);
    const init = { method: "PUT", body, headers: { "content-type": type } };
    await this.expect(201, `/v2/${name}/manifests/${reference}`, init);
    return digestOf(Buffer.from(body));
  }

  /** An image of layers of these sizes; answers its descriptor. */
  async image(name: string, tag: string | undefined, sizes: readonly number[], more: object = {}) {
    const layers = sizes.map((size) => Buffer.from(randomBytes(size)));
    const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", nonce: crypto.randomUUID() }));
    for (const bytes of [config, ...layers]) await this.blob(name, bytes);
    const document = {
      schemaVersion: 2,
      mediaType: imageType,
      config: descriptorOf("application/vnd.oci.image.config.v1+json", config),
      layers: layers.map((layer) => descriptorOf("application/vnd.oci.image.layer.v1.tar", layer)),
      ...more,
    };
    const body = Buffer.from(JSON.stringify(document));
    await this.manifest(name, tag ?? digestOf(body), document);
    return descriptorOf(imageType, body);
  }

  /** An index of images, tagged. */
  async index(name: string, tag: string, manifests: readonly object[]): Promise<string> {
    return await this.manifest(name, tag, { schemaVersion: 2, mediaType: indexType, manifests }, indexType);
  }

  /** The digest of what really comes for a manifest, and its blobs' bytes where they are right. */
  async pull(name: string, reference: string): Promise<{ digest: string; blobs: number }> {
    const accept = { accept: `${imageType}, ${indexType}` };
    const answer = await this.expect(200, `/v2/${name}/manifests/${reference}`, { headers: accept });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString());
    let blobs = 0;
    for (const { digest } of [...(config ? [config] : []), ...layers]) {
      const blob = await this.expect(200, `/v2/${name}/blobs/${digest}`);
      if (digestOf(Buffer.from(await blob.arrayBuffer())) !== digest) throw new Error(`${digest} has other bytes`);
      blobs++;
    }
    for (const { digest } of manifests) blobs += (await this.pull(name, digest)).blobs;
    return { digest: digestOf(bytes), blobs };
  }
}

export function descriptorOf(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
