/** The real gcloud with a folder of its own, pointed at a server of ours. */
import { Sandbox } from "./sandbox.ts";
import type { Server } from "./waybill.ts";

/** What an operator sets so that gcloud speaks to this server instead of Google. */
export function overrides({ origin }: Pick<Server, "origin">): Record<string, string> {
  const apis = [
    "IAM",
    "IAMCREDENTIALS",
    "CLOUDRESOURCEMANAGER",
    "ARTIFACTREGISTRY",
    "SERVICEUSAGE",
    "CONTAINERANALYSIS",
  ];
  return Object.fromEntries(apis.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`, `${origin}/`]));
}

/** A gcloud that is logged in with a key of our server. */
export async function gcloudOf(server: Pick<Server, "origin">, keyFile: string) {
  const gcloud = await gcloudIn(overrides(server));
  await gcloud.succeed("auth", "activate-service-account", `--key-file=${keyFile}`);
  return gcloud;
}

/** A gcloud that knows what these variables tell it. */
export async function gcloudIn(env: Record<string, string>) {
  const sandbox = await Sandbox.create({ env });
  return {
    sandbox,
    path: (name: string) => sandbox.path(name),
    run: (...words: string[]) => sandbox.run(["gcloud", ...words, "--quiet"]),
    json: async (...words: string[]) =>
      JSON.parse(await sandbox.succeed(["gcloud", ...words, "--quiet", "--format=json"])),
    succeed: (...words: string[]) => sandbox.succeed(["gcloud", ...words, "--quiet"]),
    fail: (...words: string[]) => sandbox.fail(["gcloud", ...words, "--quiet"]),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

export type Gcloud = Awaited<ReturnType<typeof gcloudIn>>;
