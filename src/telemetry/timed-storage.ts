import type { BlobStore } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { storageTroubleOf } from "../storage/storage-trouble.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { Tracer } from "./tracer.ts";

/** The database, with its transactions timed. What a domain refuses inside of one is no error of the database. */
export function timedMetadata(
  metadata: Metadata,
  { databaseSeconds, databaseErrors }: ServerMetrics,
  tracer?: Tracer,
): Metadata {
  const [seconds, errors] = [databaseSeconds.of(), databaseErrors.of()];
  const write: Metadata["write"] = async (change) => {
    const began = performance.now();
    try {
      return await (tracer ? tracer.part("database write", () => metadata.write(change)) : metadata.write(change));
    } catch (error) {
      if (storageTroubleOf(error) !== undefined) errors.add();
      throw error;
    } finally {
      seconds.observe((performance.now() - began) / 1000);
    }
  };
  return new Proxy(metadata, {
    get(target, name) {
      if (name === "write") return write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const operations = ["stat", "read", "append", "commit", "abandon", "delete"] as const;

/** The store, with its operations timed; what it can do at once stays as it is. */
export function timedStore<Store extends BlobStore>(store: Store, metrics: ServerMetrics, tracer?: Tracer): Store {
  const timed = new Map<PropertyKey, unknown>(
    operations.map((name) => [name, timedOperation(store, name, metrics, tracer)]),
  );
  return new Proxy(store, {
    get(target, name) {
      const known = timed.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const bound = value.bind(target);
      timed.set(name, bound);
      return bound;
    },
  });
}

function timedOperation(
  store: BlobStore,
  name: (typeof operations)[number],
  metrics: ServerMetrics,
  tracer: Tracer | undefined,
) {
  const [seconds, errors] = [metrics.storeSeconds.of(name), metrics.storeErrors.of(name)];
  const operation = store[name].bind(store) as (...given: unknown[]) => Promise<unknown>;
  return async (...given: unknown[]) => {
    const began = performance.now();
    try {
      return await (tracer ? tracer.part(`store ${name}`, () => operation(...given)) : operation(...given));
    } catch (error) {
      errors.add();
      throw error;
    } finally {
      seconds.observe((performance.now() - began) / 1000);
    }
  };
}
