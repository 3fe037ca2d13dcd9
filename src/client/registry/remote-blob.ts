import { Failure } from "../../sources/failure.ts";
import type { RegistryClient } from "./registry-client.ts";
import { digestOf, readWhole, repositoryScope } from "./remote-manifest.ts";

/** A small blob, such as an image's configuration. Throws where its bytes are not what the digest says. */
export async function getSmallBlob(client: RegistryClient, repository: string, digest: string, bytesMax: number) {
  const answer = await client.send({
    path: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    expect: [200],
    what: `to read ${repository}`,
  });
  const bytes = await readWhole(answer, bytesMax);
  if (digestOf(bytes, digest.startsWith("sha512:") ? "sha512" : "sha256") === digest) return bytes;
  throw new Failure(`${client.host} gave other bytes for ${repository} than ${digest} says`);
}

/**
 * Lets a repository have a blob of another one of the same registry, without moving its bytes (distribution-spec: Mounting
 * a blob from another repository). False where the registry would rather have it uploaded.
 */
export async function mountBlob(client: RegistryClient, from: string, to: string, digest: string): Promise<boolean> {
  const scopes = [repositoryScope(to, "push,pull"), repositoryScope(from, "pull")];
  const query = new URLSearchParams({ mount: digest, from });
  const what = `to write ${to}`;
  const path = `/v2/${to}/blobs/uploads/?${query}`;
  const answer = await client.send({ method: "POST", path, scopes, expect: [201, 202], what });
  if (answer.status === 201) return true;
  await cancel(client, answer, scopes);
  return false;
}

/** An upload that was opened instead is given up again; a registry that cannot do that forgets it in time. */
async function cancel(client: RegistryClient, opened: Response, scopes: readonly string[]): Promise<void> {
  const location = URL.parse(opened.headers.get("location") ?? "", client.origin);
  if (location?.origin !== client.origin) return;
  const path = `${location.pathname}${location.search}`;
  const request = { method: "DELETE", path, scopes, expect: [200, 202, 204], what: "to cancel" } as const;
  await client.send(request).catch(() => undefined);
}
