import type { AuditEvent } from "../audit/event.ts";
import type { BlobStore } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { readOpenWork } from "../storage/metadata/open-work.ts";
import { listSigningKeys } from "../storage/metadata/signing-keys.ts";
import { countDeliveries } from "../storage/metadata/webhooks.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** Questions to the database on behalf of a scraper, at most so often. */
const askEveryMilliseconds = 15_000;
const lagEveryMilliseconds = 100;

export interface Watched {
  readonly metadata: Metadata;
  readonly store: BlobStore;
  /** The files of the certificates that are shown, and when they end in milliseconds since 1970. */
  readonly certificates: () => readonly { readonly file: string; readonly endsAt: number }[];
  readonly version: string;
  readonly now: () => number;
}

/** Counts what the audit log is told of. Its reasons are words of ours, a bounded number. */
export function countEvents(metrics: ServerMetrics): (event: AuditEvent) => void {
  const [pushes, deletions] = [metrics.pushes.of(), metrics.deletions.of()];
  return (event) => {
    switch (event.kind) {
      case "token.issued":
        return metrics.tokens.of(event.token).add();
      case "token.refused":
        return metrics.refusals.of("token", event.grant).add();
      case "credential.refused":
        return metrics.refusals.of("credential", event.reason).add();
      case "decision.refused":
        return metrics.refusals.of("permission", event.reason).add();
      case "image.pushed":
        return pushes.add();
      case "image.deleted":
        return deletions.add();
    }
  };
}

/** Notes how a chore ended. */
export function countChores({ choreSeconds, choreSuccess, choreFailures }: ServerMetrics, now: () => number) {
  return (chore: string, seconds: number, succeeded: boolean): void => {
    choreSeconds.of(chore).value = seconds;
    const failures = choreFailures.of(chore);
    if (succeeded) choreSuccess.of(chore).value = Math.round(now() / 1000);
    else failures.add();
  };
}

/** Whether the store answers: an object that cannot be there is not there. */
export async function storeAnswers(store: BlobStore): Promise<boolean> {
  try {
    await store.stat("0".repeat(32));
    return true;
  } catch {
    return false;
  }
}

/** Sets what is not counted as it happens, whenever somebody looks. Answers what ends it. */
export function watchServer(all: ServerMetrics, { metadata, store, certificates, version, now }: Watched): () => void {
  all.buildInfo.of(version).value = 1;
  all.start.of().value = Math.round(Date.now() / 1000 - process.uptime());
  let askedAt = Number.NEGATIVE_INFINITY;
  all.metrics.beforeScrape(async () => {
    all.databaseUp.of().value = metadata.isReachable() ? 1 : 0;
    all.memory.of().value = process.memoryUsage.rss();
    const { user, system } = process.cpuUsage();
    all.cpu.of().value = (user + system) / 1e6;
    all.certificateEnd.clear();
    for (const { file, endsAt } of certificates()) all.certificateEnd.of(file).value = endsAt / 1000;
    if (now() - askedAt < askEveryMilliseconds) return;
    askedAt = now();
    all.storeUp.of().value = (await storeAnswers(store)) ? 1 : 0;
    const deliveries = await countDeliveries(metadata.read);
    all.webhooksWaiting.of().value = deliveries.reduce((sum, { waiting }) => sum + waiting, 0);
    all.webhooksDead.of().value = deliveries.reduce((sum, { dead }) => sum + dead, 0);
    const work = await readOpenWork(metadata.read);
    all.uploadsOpen.of().value = work.uploads;
    all.storedBytes.of().value = work.storedBytes;
    const keys = (await listSigningKeys(metadata.read)).filter(
      (key) => key.signsFrom !== null && key.signsFrom <= now(),
    );
    for (const { use, signsFrom, supersededAt } of keys.reverse()) {
      if (supersededAt === null) all.keyAge.of(use).value = Math.round((now() - (signsFrom ?? 0)) / 1000);
    }
  });
  return watchLag(all);
}

/** How late a timer is shows how long everybody else waited, too. */
function watchLag({ loopLag }: ServerMetrics): () => void {
  const lag = loopLag.of();
  let expected = performance.now() + lagEveryMilliseconds;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - expected) / 1000);
    expected = now + lagEveryMilliseconds;
  }, lagEveryMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
