import { Failure } from "../../sources/failure.ts";
import type { RegistryClient } from "./registry-client.ts";
import { repositoryScope } from "./remote-manifest.ts";

/** Does the repository have the blob? */
export async function hasBlob(client: RegistryClient, repository: string, digest: string): Promise<boolean> {
  const answer = await client.send({
    method: "HEAD",
    path: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    expect: [200, 404],
    what: `to look into ${repository}`,
  });
  return answer.status === 200;
}

/** A blob's bytes from `start` on. Registries that know no ranges give all of it, and what comes before is dropped. */
export async function* readBlob(
  client: RegistryClient,
  repository: string,
  digest: string,
  start = 0,
): AsyncGenerator<Uint8Array> {
  const answer = await client.send({
    path: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    headers: start > 0 ? { range: `bytes=${start}-` } : {},
    expect: start > 0 ? [200, 206] : [200],
    what: `to read ${repository}`,
  });
  if (!answer.body) return;
  let surplus = answer.status === 206 ? 0 : start;
  for await (const bytes of answer.body) {
    if (bytes.byteLength > surplus) yield bytes.subarray(surplus);
    surplus = Math.max(0, surplus - bytes.byteLength);
  }
}

/** A blob on its way into a repository (distribution-spec: Pushing a blob in chunks). */
export class BlobUpload {
  readonly #client: RegistryClient;
  readonly #repository: string;
  #path: string;

  private constructor(client: RegistryClient, repository: string, opened: Response) {
    this.#client = client;
    this.#repository = repository;
    this.#path = locationOf(client, opened);
  }

  static async open(client: RegistryClient, repository: string): Promise<BlobUpload> {
    const path = `/v2/${repository}/blobs/uploads/`;
    const request = { method: "POST", path, ...about(repository), expect: [202] } as const;
    return new BlobUpload(client, repository, await client.send(request));
  }

  /** Sends the bytes from `start` to the end of the blob. */
  async send(start: number, size: number, body: () => ReadableStream<Uint8Array>): Promise<void> {
    const headers: Record<string, string> = {
      "content-type": "application/octet-stream",
      "content-length": String(size - start),
    };
    // Some registries take whole blobs only, and no range with them.
    if (start > 0) headers["content-range"] = `${start}-${size - 1}`;
    const request = { method: "PATCH", path: this.#path, headers, body, expect: [202, 204] } as const;
    this.#path = locationOf(this.#client, await this.#send(request), this.#path);
  }

  /** How many bytes the registry has. */
  async received(): Promise<number> {
    const answer = await this.#send({ path: this.#path, expect: [204] });
    this.#path = locationOf(this.#client, answer, this.#path);
    const [, end] = /^(?:bytes=)?0-([0-9]{1,15})$/.exec(answer.headers.get("range") ?? "") ?? [];
    // Nothing and one byte look alike: `0-0`.
    return end === undefined || end === "0" ? 0 : Number(end) + 1;
  }

  /** Makes the blob of what was sent. The registry compares the digest too. */
  async finish(digest: string): Promise<void> {
    const path = `${this.#path}${this.#path.includes("?") ? "&" : "?"}${new URLSearchParams({ digest })}`;
    await this.#send({ method: "PUT", path, headers: { "content-length": "0" }, expect: [201, 204] });
  }

  /** Gives it up; a registry that cannot do that forgets it in time. */
  async cancel(): Promise<void> {
    await this.#send({ method: "DELETE", path: this.#path, expect: [200, 202, 204] }).catch(() => undefined);
  }

  #send(request: Omit<Parameters<RegistryClient["send"]>[0], "scopes" | "what">): Promise<Response> {
    return this.#client.send({ ...request, ...about(this.#repository) });
  }
}

function about(repository: string) {
  return { scopes: [repositoryScope(repository, "push,pull")], what: `to write ${repository}` };
}

/** Where an upload goes on: at the registry itself, since what is sent there carries its token. */
function locationOf(client: RegistryClient, answer: Response, before?: string): string {
  const text = answer.headers.get("location");
  if (text === null && before !== undefined) return before;
  const url = URL.parse(text ?? "", client.origin);
  if (text === null || url?.origin !== client.origin)
    throw new Failure(`${client.host} wants an upload to go on elsewhere, which its token is not for`);
  return `${url.pathname}${url.search}`;
}
