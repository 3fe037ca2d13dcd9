/** `waybill metadata-server` as an operator runs it: beside the workloads, with a key that they do not have. */
import { Sandbox } from "./sandbox.ts";
import { installWaybill } from "./waybill.ts";

export interface MetadataServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`: the value of GCE_METADATA_HOST and GCE_METADATA_ROOT. */
  readonly address: string;
  /** All of its listeners. */
  addresses(): Promise<string[]>;
  /** Everything that the operator is told. */
  log(): Promise<string>;
}

/** @param flags of `waybill metadata-server`, besides where it listens */
export async function startMetadataServer(
  flags: readonly string[],
  { prefix = [] as readonly string[], listen = "127.0.0.1:0", env = {} as Record<string, string> } = {},
): Promise<MetadataServer> {
  const sandbox = await Sandbox.create({ prefix, env });
  try {
    await installWaybill(sandbox);
    const command = ["waybill", "metadata-server", `--listen=${listen}`, ...flags];
    const { ready } = await sandbox.start("metadata", command, /^ready: http:\/\/(\S+)$/m);
    const log = () => Bun.file(sandbox.path("metadata.log.err")).text();
    const addresses = async () => {
      const lines = await Bun.file(sandbox.path("metadata.log")).text();
      return [...lines.matchAll(/^ready: http:\/\/(\S+)$/gm)].map(([, address = ""]) => address);
    };
    return { address: ready[1] ?? "", addresses, log, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/** What tells gcloud and Google's libraries, each by its own name, where the metadata server is. */
export function metadataEnvironment({ address }: MetadataServer): Record<string, string> {
  return {
    GCE_METADATA_ROOT: address,
    GCE_METADATA_HOST: address,
    GCE_METADATA_IP: address,
    CLOUDSDK_CORE_CHECK_GCE_METADATA: "true",
    CLOUDSDK_ARTIFACTS_ALLOW_UNRECOGNIZED_REGISTRY: "true",
  };
}
