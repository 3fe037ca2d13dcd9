import type { UpstreamRow } from "../../storage/metadata/upstreams.ts";

/** A manifest of another registry; its bytes match the digest. */
export interface UpstreamManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A blob of another registry on its way here. */
export interface UpstreamBlob {
  /** Bytes, where the registry said so. */
  readonly size: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Another registry, as far as a cache asks it. What is not there is undefined; a registry that does not answer, or refuses,
 * throws. Names are whole: the prefix is part of them.
 */
export interface Upstream {
  /** The digest that a tag stands for now. */
  digest(name: string, tag: string): Promise<string | undefined>;
  manifest(name: string, reference: string): Promise<UpstreamManifest | undefined>;
  blob(name: string, digest: string): Promise<UpstreamBlob | undefined>;
  /** The repositories below a name. */
  repositories(prefix: string): AsyncIterable<string>;
  tags(name: string): Promise<readonly string[]>;
  /** The digests of what refers to a manifest: signatures, SBOMs. None where the registry keeps no such list. */
  referrers(name: string, digest: string): Promise<readonly string[]>;
}

/** Whoever puts the server together knows how to speak to other registries, and with whose credentials. */
export type OpenUpstream = (upstream: UpstreamRow) => Upstream;

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
const prefixPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const charactersMax = 255;

/** Reads HOST or HOST/PREFIX; undefined for anything else. */
export function parseUpstream(text: string): { host: string; prefix: string } | undefined {
  const slash = text.indexOf("/");
  const [host, prefix] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)];
  const isWell = hostPattern.test(host) && (slash < 0 || prefixPattern.test(prefix));
  return isWell && text.length <= charactersMax ? { host, prefix } : undefined;
}

/** An image's name at the upstream. */
export function upstreamName({ prefix }: Pick<UpstreamRow, "prefix">, image: string): string {
  return prefix === "" ? image : `${prefix}/${image}`;
}
