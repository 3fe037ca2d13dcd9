import { Failure } from "./failure.ts";
import { sourceNames, type TokenSource } from "./token-source.ts";

/** Each source's module, loaded when it is asked and not before. */
const modules: Readonly<Record<string, () => Promise<TokenSource>>> = {
  store: async () => (await import("./store-source.ts")).storeSource,
  token: async () => (await import("./access-token-source.ts")).accessTokenSource,
  env: async () => (await import("./env-source.ts")).envSource,
  "workload-identity": async () => (await import("./workload-identity-source.ts")).workloadIdentitySource,
  metadata: async () => (await import("./metadata-source.ts")).metadataSource,
  gcloud: async () => (await import("./gcloud-source.ts")).gcloudSource,
};

/** The source of this name. */
export async function loadSource(name: string): Promise<TokenSource> {
  const load = modules[name];
  if (load === undefined || !Object.hasOwn(modules, name))
    throw new Failure(
      `${JSON.stringify(name)} is not a source of tokens`,
      `these are: ${sourceNames.join(", ")}; waybill config set sources LIST`,
    );
  return await load();
}
