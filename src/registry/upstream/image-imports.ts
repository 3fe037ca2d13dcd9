import {
  advanceImport,
  beginImport,
  type ImportItem,
  type ImportRow,
  insertImportItems,
  listUnfinishedImports,
  listWaitingItems,
  settleImportItem,
} from "../../storage/metadata/imports.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { findProjectById } from "../../storage/metadata/projects.ts";
import { type Digest, parseDigest } from "../digest.ts";
import { mayLieElsewhere, parseManifest } from "../manifest.ts";
import type { Manifests } from "../manifests.ts";
import { parseReference, type Reference } from "../reference.ts";
import { RegistryError } from "../registry-error.ts";
import { parseRepository, repositoryPath } from "../repository.ts";
import { type ResolvedRepository, resolveRepository } from "../resolve.ts";
import type { Caches } from "./caches.ts";
import { Pace } from "./pace.ts";
import type { PullThrough } from "./pull-through.ts";
import { type OpenUpstream, upstreamName } from "./upstream.ts";

export interface ImportServices {
  readonly metadata: Metadata;
  readonly caches: Caches;
  readonly manifests: Manifests;
  readonly pullThrough: PullThrough;
  readonly open: OpenUpstream;
  readonly now: () => number;
}

/** What cannot be had so often is given up, until the import is begun anew. */
const triesMax = 5;
const itemsPerPage = 50;
const messageCharactersMax = 300;
/** Leaves room for those who pull: most registries allow a client some tens of requests a second. */
const requestsPerSecondMax = 20;
const bytesPerSecondMax = 64 * 1024 * 1024;

/**
 * Brings everything that an upstream has into its cache, tag by tag, beside the requests. What is to be done lies in the
 * database: a server that was killed goes on where it was.
 */
export class ImageImports {
  readonly #services: ImportServices;
  readonly #pace = new Pace(requestsPerSecondMax, bytesPerSecondMax);

  constructor(services: ImportServices) {
    this.#services = services;
  }

  /** Begins the import of a cache, or begins it anew. */
  async begin(projectId: string, location: string): Promise<void> {
    const { metadata, now } = this.#services;
    await metadata.write((write) => beginImport(write, projectId, location, now()));
  }

  /** Goes on with every import that is not done, until all are or `signal` says so. */
  async run(signal: AbortSignal): Promise<void> {
    for (const each of await listUnfinishedImports(this.#services.metadata.read)) {
      if (signal.aborted) return;
      try {
        if (each.state === "listing") await this.#list(each, signal);
        await this.#bring(each, signal);
      } catch (error) {
        // The next run goes on with it.
        if (!signal.aborted) await this.#advance(each, each.state, messageOf(error));
      }
    }
  }

  async #list(each: ImportRow, signal: AbortSignal): Promise<void> {
    const { metadata, caches, open } = this.#services;
    const upstream = caches.upstreamOf(each.projectId);
    if (!upstream) throw new Error("the project is no cache");
    const { prefix } = upstream;
    for await (const name of open(upstream).repositories(prefix)) {
      if (signal.aborted) return;
      await this.#pace.request(signal);
      const image = prefix === "" ? name : name.slice(prefix.length + 1);
      const tags = await open(upstream).tags(upstreamName(upstream, image));
      await metadata.write((write) => insertImportItems(write, each.projectId, image, tags));
    }
    if (!signal.aborted) await this.#advance(each, "copying", "");
  }

  async #bring(each: ImportRow, signal: AbortSignal): Promise<void> {
    const { metadata } = this.#services;
    while (!signal.aborted) {
      const items = await listWaitingItems(metadata.read, each.projectId, itemsPerPage);
      if (items.length === 0) return await this.#advance(each, "done", "");
      for (const item of items) {
        if (signal.aborted) return;
        await this.#bringItem(each, item, signal);
      }
    }
  }

  async #bringItem({ projectId, location }: ImportRow, item: ImportItem, signal: AbortSignal): Promise<void> {
    const { metadata } = this.#services;
    const tries = item.tries + 1;
    try {
      const project = await findProjectById(metadata.read, projectId);
      const path = repositoryPath(project?.name ?? "", item.repository);
      const resolved = await resolveRepository(metadata, parseRepository(path, location));
      await this.#bringTree(resolved, parseReference(item.tag), signal);
      await metadata.write((write) => settleImportItem(write, projectId, item, { state: "done", tries, message: "" }));
    } catch (error) {
      if (signal.aborted) return;
      const state = tries < triesMax ? "waiting" : "failed";
      const message = messageOf(error);
      await metadata.write((write) => settleImportItem(write, projectId, item, { state, tries, message }));
      // An upstream that is down is not asked for everything else at once.
      await this.#pace.pause(tries * 1000, signal);
    }
  }

  /** A manifest with everything below it and everything that refers to it, which may have no tag. */
  async #bringTree(before: ResolvedRepository, reference: Reference, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { pullThrough, manifests } = this.#services;
    await this.#pace.request(signal);
    const resolved = await pullThrough.bringManifest(before, reference);
    const { body, digest: own, mediaType } = await manifests.get(resolved, reference);
    for (const part of parseManifest(body, mediaType).references) {
      const digest = parseDigest(part.digest);
      if (part.kind === "child") await this.#bringTree(resolved, { kind: "digest", digest }, signal);
      else if (part.kind !== "subject" && !mayLieElsewhere(part))
        await this.#bringBlob(resolved, digest, part.size, signal);
    }
    await this.#bringReferrers(resolved, own, signal);
  }

  async #bringReferrers(resolved: ResolvedRepository, subject: Digest, signal: AbortSignal): Promise<void> {
    const { caches, open } = this.#services;
    const upstream = caches.upstreamOf(resolved.projectId);
    if (!upstream) return;
    await this.#pace.request(signal);
    const name = upstreamName(upstream, resolved.repository.image);
    for (const digest of await open(upstream).referrers(name, subject)) {
      try {
        await this.#bringTree(resolved, { kind: "digest", digest: parseDigest(digest) }, signal);
      } catch (error) {
        // A list may name what was deleted since.
        if (!(error instanceof RegistryError && error.code === "MANIFEST_UNKNOWN")) throw error;
      }
    }
  }

  async #bringBlob(resolved: ResolvedRepository, digest: Digest, size: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const arrival = await this.#services.pullThrough.bringBlob(resolved, digest);
    if (!arrival) return;
    await Promise.race([arrival.stored, aborted(signal)]);
    await this.#pace.bytes(size, signal);
  }

  async #advance({ projectId }: ImportRow, state: ImportRow["state"], message: string): Promise<void> {
    const { metadata, now } = this.#services;
    await metadata.write((write) => advanceImport(write, projectId, { state, message }, now()));
  }
}

/** Rejects when the signal says so: a blob goes on arriving for whoever else waits for it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function messageOf(error: unknown): string {
  const { message, cause } = error as { message?: unknown; cause?: { message?: unknown } };
  return `${message}${cause?.message === undefined ? "" : ` (${cause.message})`}`.slice(0, messageCharactersMax);
}
