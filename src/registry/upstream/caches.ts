import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import { insertUpstream, listUpstreams, type UpstreamRow } from "../../storage/metadata/upstreams.ts";

/**
 * Which projects are caches of which registry. All of them are held in memory, so that a pull from an ordinary project asks
 * the database nothing more.
 */
export class Caches {
  readonly #metadata: Pick<Metadata, "read">;
  #byProject = new Map<string, UpstreamRow>();

  constructor(metadata: Pick<Metadata, "read">) {
    this.#metadata = metadata;
  }

  static async open(metadata: Pick<Metadata, "read">): Promise<Caches> {
    const caches = new Caches(metadata);
    await caches.reload();
    return caches;
  }

  /** Learns of those that other nodes made. */
  async reload(): Promise<void> {
    const rows = await listUpstreams(this.#metadata.read);
    this.#byProject = new Map(rows.map((row) => [row.projectId, row]));
  }

  /** Makes a project a cache, in the transaction that makes the project; `reload` follows. */
  async add(write: Writer, upstream: UpstreamRow, now: number): Promise<void> {
    await insertUpstream(write, upstream, now);
  }

  /** The upstream of a project; undefined for an ordinary one. */
  upstreamOf(projectId: string | undefined): UpstreamRow | undefined {
    return projectId === undefined ? undefined : this.#byProject.get(projectId);
  }
}
