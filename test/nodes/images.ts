/** Real clients that push and pull while nodes come and go; each answers what it said when it failed. */
import { makeImage } from "../clients/image.ts";
import { plainHttp, podman, skopeo } from "../clients/image-client.ts";
import type { Need } from "../clients/machine.ts";
import { Sandbox } from "../clients/sandbox.ts";

export interface Images {
  readonly name: string;
  login(host: string, password: string): Promise<void>;
  /** Pushes a new image, and asks again up to three times where that failed: a push that broke is its caller's to repeat. */
  push(reference: string): Promise<{ failure: string | undefined; repeated: number }>;
  pull(reference: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Both try again by themselves, as they do everywhere: skopeo when told to, podman three times. */
const programs = {
  skopeo: { client: skopeo, push: skopeoCopy("push"), pull: skopeoCopy("pull") },
  podman: {
    client: podman,
    push: (sandbox: Sandbox, reference: string) => podman.push(sandbox, reference),
    pull: async (sandbox: Sandbox, reference: string) => void (await podman.pull(sandbox, reference)),
  },
};

export const needsOf = (name: keyof typeof programs): readonly Need[] => programs[name].client.needs;

/** A client with a home and a store of its own. */
export async function imagesWith(name: keyof typeof programs): Promise<Images> {
  const sandbox = await Sandbox.create();
  const { client, push, pull } = programs[name];
  const failureOf = (work: Promise<void>) =>
    work.then(
      () => undefined,
      (error: Error) => error.message,
    );
  return {
    name,
    login: (host, password) => client.login(sandbox, host, { username: "oauth2accesstoken", password }),
    async push(reference) {
      await client.load(sandbox, makeImage({ largeLayerBytes: 200_000 }), reference);
      let failure = await failureOf(push(sandbox, reference));
      let repeated = 0;
      for (; failure !== undefined && repeated < 3; repeated++) failure = await failureOf(push(sandbox, reference));
      return { failure, repeated };
    },
    pull: (reference) => failureOf(pull(sandbox, reference)),
    close: () => sandbox[Symbol.asyncDispose](),
  };
}

let copies = 0;

function skopeoCopy(way: "push" | "pull") {
  return async (sandbox: Sandbox, reference: string): Promise<void> => {
    const [layout, folder] = [sandbox.path(`layout-${Bun.hash(reference)}`), sandbox.path(`copy-${++copies}`)];
    const remote = `docker://${reference}`;
    const [from, to, tls] =
      way === "push" ? [`oci:${layout}:latest`, remote, "dest-"] : [remote, `dir:${folder}`, "src-"];
    await sandbox.succeed(["skopeo", "copy", "--retry-times=8", ...plainHttp(reference, tls), from, to]);
  };
}

/** Does something over and over while something else goes on; answers how often, and what went wrong. */
export async function during(work: () => Promise<string | undefined>, other: () => Promise<unknown>) {
  const failures: string[] = [];
  let [times, isOver] = [0, false];
  const working = (async () => {
    while (!isOver) {
      const failure = await work();
      if (failure !== undefined) failures.push(failure);
      times++;
    }
  })();
  try {
    await other();
  } finally {
    isOver = true;
    await working;
  }
  return { times, failures };
}
