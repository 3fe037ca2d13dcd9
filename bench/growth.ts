/**
 * What the everyday requests cost as a store grows: 10^4, 10^5 and 10^6 images, each a manifest and a tag, asked in turn.
 *
 * The whole server runs in this process, without sockets: what is measured is the server's own work.
 */

import { loadavg } from "node:os";
import { defaultLocation } from "../src/http/names.ts";
import { principalKey } from "../src/identity/principal.ts";
import { scope } from "../src/identity/scopes.ts";
import { bearer, startTestServer, type TestServer } from "../test/server.ts";
import { bigRepository, fillMetadata, tagOf } from "./growth/fill.ts";
import { machine } from "./measure.ts";
import { imageOf } from "./registry/client.ts";
import { median, rounded } from "./registry/comparison.ts";
import { contentOf } from "./registry/content.ts";

/** Cost of the largest store over that of the smallest, at most. */
const growthGoal = 2;
const dayMilliseconds = 24 * 60 * 60 * 1000;
const manifestType = "application/vnd.oci.image.manifest.v1+json";

interface Store {
  readonly images: number;
  readonly server: TestServer;
  /** A fresh Authorization header: time passes by leaps here. */
  login(): { authorization: string };
}

interface Cost {
  readonly what: string;
  readonly samples: number;
  /** Does it once; answers the milliseconds that count. */
  sample(store: Store, time: number): Promise<number>;
}

const costs: readonly Cost[] = [
  {
    what: "tag list, a page of 100 from the middle",
    samples: 200,
    sample: (store, time) =>
      timed(() => ask(store, `/v2/bench/${bigRepository}/tags/list?n=100&last=${tagOf(2 * time)}`)),
  },
  {
    what: "tag list, the first page of 100",
    samples: 200,
    sample: (store) => timed(() => ask(store, `/v2/bench/${bigRepository}/tags/list?n=100`)),
  },
  {
    what: "catalog, a page of 100 from the middle",
    samples: 200,
    sample: (store, time) => timed(() => ask(store, `/v2/_catalog?n=100&last=bench/team/image-${time % 25}`)),
  },
  {
    what: "search for a part of many names, the first 25",
    samples: 200,
    sample: (store, time) => timed(() => ask(store, `/v1/search?q=image-${time % 10}&n=25`)),
  },
  {
    what: "search for a part of few names",
    samples: 200,
    sample: (store, time) => timed(() => ask(store, `/v1/search?q=age-4${time % 10}&n=25`)),
  },
  {
    what: "manifest GET by tag",
    samples: 1000,
    sample: (store, time) =>
      timed(() => ask(store, `/v2/bench/${bigRepository}/manifests/${tagOf(anyEven(store, time))}`)),
  },
  { what: "push of one image", samples: 100, sample: (store) => timed(() => push(store)) },
  { what: "garbage collection after one delete", samples: 20, sample: collectAfterDelete },
];

export async function* lines({ quick }: { quick: boolean }): AsyncGenerator<object> {
  const sizes = quick ? [1000, 10_000] : [10_000, 100_000, 1_000_000];
  const stores: Store[] = [];
  try {
    for (const images of sizes) stores.push(await openStore(images));
    for (const cost of costs) yield* growthOf(cost, stores, quick);
  } finally {
    for (const { server } of stores) await server.close();
  }
}

/** The stores take turns; a first tenth is thrown away. */
async function* growthOf({ what, samples, sample }: Cost, stores: readonly Store[], quick: boolean) {
  const count = quick ? Math.ceil(samples / 10) : samples;
  const warmUp = Math.ceil(count / 10);
  const times = new Map<Store, number[]>(stores.map((store) => [store, []]));
  for (let time = -warmUp; time < count; time++) {
    for (const store of stores) {
      const milliseconds = await sample(store, time + warmUp);
      if (time >= 0) times.get(store)?.push(milliseconds);
    }
  }
  const smallest = median(times.get(stores[0] as Store) ?? []);
  for (const [store, each] of times) {
    const growth = median(each) / smallest;
    yield {
      what,
      images: store.images,
      unit: "ms",
      median: rounded(median(each)),
      samples: each.length,
      growth: rounded(growth),
      ...(store === stores.at(-1) && { goal: growthGoal, reached: growth <= growthGoal }),
      loadAverage: rounded(loadavg()[0]),
      machine: machine(),
    };
  }
}

async function openStore(images: number): Promise<Store> {
  const server = await startTestServer({}, "127.0.0.1", { principalPerSecond: 1_000_000 });
  const project = await server.project("bench");
  const { account, key } = await server.account(project, "bench");
  await server.grant("installation", principalKey({ kind: "serviceAccount", ...account }), "roles/owner");
  await fillMetadata(server.metadata, { id: project.id, location: defaultLocation }, images);
  const login = () => bearer(server.accessToken(account, key, [scope.cloudPlatform]));
  let headers = login();
  let from = server.clock.now;
  return {
    images,
    server,
    login() {
      if (server.clock.now !== from) headers = login();
      from = server.clock.now;
      return headers;
    },
  };
}

async function ask(store: Store, path: string, init: RequestInit = {}, status = 200): Promise<Response> {
  const headers = { ...store.login(), ...(init.headers as Record<string, string>) };
  const answer = await store.server.fetch(path, { ...init, headers });
  if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  return answer;
}

/** A small image with a configuration and a layer of its own. */
async function push(store: Store): Promise<string> {
  const image = imageOf("bench/team/pushed", crypto.randomUUID(), contentOf(crypto.randomUUID()));
  for (const { digest, parts } of [image.config, image.layer]) {
    const path = `/v2/${image.repository}/blobs/uploads/?digest=${digest}`;
    await ask(store, path, { method: "POST", body: new Blob(parts as never) }, 201);
  }
  const init = {
    method: "PUT",
    body: new Blob(image.manifest.parts as never),
    headers: { "content-type": manifestType },
  };
  await ask(store, `/v2/${image.repository}/manifests/${image.tag}`, init, 201);
  return `/v2/${image.repository}/manifests/${image.manifest.digest}`;
}

/** Only what the one delete leaves to do: everything else is collected before. */
async function collectAfterDelete(store: Store): Promise<number> {
  const { server } = store;
  const path = await push(store);
  await collectAll(server);
  await ask(store, path, { method: "DELETE" }, 202);
  return await timed(() => collectAll(server));
}

/** Hides, takes, and removes the bytes: three passes, a day between each. */
async function collectAll({ clock, garbage }: TestServer): Promise<void> {
  for (let pass = 0; pass < 3; pass++) {
    clock.now += dayMilliseconds;
    await garbage.collect();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Images with even numbers lie in the big repository. */
function anyEven({ images }: Store, time: number): number {
  return 2 * ((time * 7919) % (images / 2));
}
