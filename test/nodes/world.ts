/** Three nodes with a project, an image in it, and clients that are logged in. */
import { missing, type Need } from "../clients/machine.ts";
import { runCommand } from "../faults/server-process.ts";
import { type Gateway, radosgwMissing, sharedRadosgw } from "../radosgw.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { startCuttableProxy } from "./cuttable-proxy.ts";
import { type Images, imagesWith, needsOf } from "./images.ts";
import { accessToken } from "./requests.ts";

/** The whole form (`npm run test:nodes`) cuts for as long as an outage takes; in CI it is long enough for every clock here. */
export const cutMilliseconds = Number(process.env.WAYBILL_NODES_CUT_SECONDS ?? 3) * 1000;
export const rounds = Number(process.env.WAYBILL_NODES_ROUNDS ?? 1);
/** The whole form: blobs in a real S3 store, podman beside skopeo, and figures that a machine with other work to do may miss. */
export const isWhole = process.env.WAYBILL_NODES_STORE === "s3";

const clients = isWhole ? (["skopeo", "podman"] as const) : (["skopeo"] as const);
export const needs: readonly Need[] = ["postgresql", "haproxy", ...clients.flatMap(needsOf)];
export const canRun = () => missing(needs).length === 0 && (!isWhole || radosgwMissing() === undefined);
export const project = "demo";

export interface World {
  readonly cluster: Cluster;
  readonly images: readonly Images[];
  /** The same programs, each with another store: podman loses layers when two of its runs remove and pull in one. */
  readonly pullers: readonly Images[];
  /** In the whole form: the only way of all nodes to the store. */
  readonly gateway: Gateway | undefined;
  /** An image that is there, `HOST/demo/app:1`. */
  readonly pulled: string;
  /** An access token of the owner. */
  owner(): string;
  /** Runs a command through the balancer. */
  administer(...command: string[]): Promise<string>;
  login(): Promise<void>;
  close(): Promise<void>;
}

/** @param redirects whether clients fetch blobs from the store, which then must have another name than the registry */
export async function createWorld({ redirects }: { redirects: boolean }): Promise<World> {
  const radosgw = isWhole ? await sharedRadosgw() : undefined;
  const gateway = await radosgw?.gateway();
  const target = Number(new URL(gateway?.endpoint ?? "http://none").port);
  const other = redirects && gateway ? await startCuttableProxy(target, "127.0.0.2") : undefined;
  const endpoint = other ? `http://127.0.0.2:${other.port}` : gateway?.endpoint;
  const store = radosgw && {
    blobs: `s3://${await radosgw.bucket()}?endpoint=${endpoint}`,
    env: radosgw.env,
    flags: redirects ? ["--redirect-blobs"] : [],
  };
  const cluster = await startCluster(store);
  const images = await Promise.all(clients.map(imagesWith));
  const pullers = await Promise.all(clients.map(imagesWith));
  const everybody = [...images, ...pullers];
  let owner = "";
  const world: World = {
    cluster,
    images,
    pullers,
    gateway,
    pulled: `${cluster.host}/${project}/app:1`,
    owner: () => owner,
    async administer(...command) {
      const where = [`--server=${cluster.origin}`, `--key-file=${cluster.ownerKey}`];
      const { code, stdout, stderr } = await runCommand(...command, ...where);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
    /** With a token, since the balancer speaks plain HTTP. */
    async login() {
      owner = await accessToken(cluster.origin, cluster.ownerKey);
      for (const each of everybody) await each.login(cluster.host, owner);
    },
    async close() {
      for (const each of everybody) await each.close();
      await cluster.close();
      other?.close();
      await gateway?.stop();
    },
  };
  try {
    await world.administer("projects", "create", project);
    await world.login();
    const { failure } = await (images[0] as Images).push(world.pulled);
    if (failure !== undefined) throw new Error(failure);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}
