/**
 * The five ways to authenticate, times the clients: one table for the tests and for the demo.
 *
 * A row puts a credential where its client looks, then moves an image there and back. The registry's copy is read again by the check
 * client, so that a client's own belief is never the proof.
 */
import { CheckClient } from "./check-client.ts";
import { setHelper } from "./docker-configuration.ts";
import { makeImage, type TestImage } from "./image.ts";
import { buildah, checkClient, docker, type ImageClient, partsOf, podman, skopeo } from "./image-client.ts";
import type { Need } from "./machine.ts";
import type { Sandbox } from "./sandbox.ts";
import { type Account, PROJECT, type World } from "./world.ts";

export interface Row {
  readonly way: 1 | 2 | 3 | 4 | 5;
  readonly client: ImageClient;
  /** What is run, short enough for a line of the demo. */
  readonly what: string;
  readonly needs: readonly Need[];
  /** Present where pulling is allowed and pushing is not: what the user must be able to read about it. */
  readonly refusal?: (world: World) => RegExp;
  authenticate(room: Room): Promise<void>;
}

export interface Room {
  readonly world: World;
  readonly sandbox: Sandbox;
  readonly client: ImageClient;
}

/** One way, with all the clients that can go it. */
type Way = Omit<Row, "client"> & { readonly clients: readonly ImageClient[] };

const EVERY_CLIENT = [docker(), podman, skopeo, buildah, checkClient];

/** Runs a row in a home of its own; throws when anything is not as it should be. */
export async function runRow(row: Row, world: World): Promise<void> {
  await using sandbox = await world.enter();
  const reference = `${world.server.host}/${PROJECT}/${row.client.name.replace(" ", "-")}/way-${row.way}:${slug(row.what)}`;
  const image = makeImage();
  await row.authenticate({ world, sandbox, client: row.client });
  await row.client.load(sandbox, image, reference);
  if (row.refusal) {
    await mustRefuse(() => row.client.push(sandbox, reference), row.refusal(world));
    await pushAs(world.writer, world, reference, image);
  } else {
    await row.client.push(sandbox, reference);
  }
  await compare(world, reference, image);
  const id = await row.client.pull(sandbox, reference);
  if (id !== image.id) throw new Error(`pulled ${id} and not ${image.id}`);
}

/** The registry's own copy, read by somebody else than the client under test. */
export async function compare(world: World, reference: string, image: TestImage): Promise<void> {
  const { repository, tag } = partsOf(reference);
  const { id } = await (await checkClientAs(world.writer, world)).pull(repository, tag);
  if (id !== image.id) throw new Error(`${reference} holds ${id} and not ${image.id}`);
}

export async function pushAs(account: Account, world: World, reference: string, image: TestImage): Promise<void> {
  const { repository, tag } = partsOf(reference);
  await (await checkClientAs(account, world)).push(repository, tag, image);
}

export async function checkClientAs(account: Account, world: World): Promise<CheckClient> {
  return new CheckClient(world.server.origin, { username: "_json_key", password: await keyOf(account) });
}

/** Fails unless the action fails and says why. */
export async function mustRefuse(action: () => Promise<unknown>, reason: RegExp): Promise<void> {
  const error = await action().then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  if (!error) throw new Error("was allowed, and should have been refused");
  if (!reason.test(error.message)) throw new Error(`the refusal does not say ${reason}:\n${error.message}`);
}

export function keyOf(account: Account): Promise<string> {
  return Bun.file(account.keyFile).text();
}

const WAYS: readonly Way[] = [
  {
    way: 1,
    what: "gcloud auth configure-docker",
    clients: EVERY_CLIENT,
    needs: ["gcloud"],
    async authenticate({ world, sandbox }) {
      await activateGcloud(sandbox, world.writer);
      await sandbox.succeed(["gcloud", "auth", "configure-docker", world.server.host]);
    },
  },
  {
    way: 1,
    what: "waybill auth configure-docker",
    clients: EVERY_CLIENT,
    needs: [],
    async authenticate({ world, sandbox }) {
      await activateWaybill(sandbox, world.writer);
      await sandbox.succeed(["waybill", "auth", "configure-docker", world.server.host]);
    },
  },
  {
    way: 2,
    what: "docker-credential-waybill",
    clients: EVERY_CLIENT,
    needs: [],
    async authenticate({ world, sandbox }) {
      await activateWaybill(sandbox, world.writer);
      await setHelper(sandbox, world.server.host, "waybill");
    },
  },
  {
    way: 3,
    what: "waybill docker --",
    clients: [docker((host) => ["waybill", "docker", "--server", host, "--"])],
    needs: [],
    authenticate: ({ world, sandbox }) => activateWaybill(sandbox, world.writer),
  },
  {
    way: 3,
    what: "waybill docker --authorize-only",
    clients: [checkClient], // which cannot be launched, but reads what was left for docker
    needs: [],
    async authenticate({ world, sandbox }) {
      await activateWaybill(sandbox, world.writer);
      await sandbox.succeed(["waybill", "docker", "-a", "--server", world.server.host]);
    },
  },
  {
    way: 3,
    what: "gcloud docker --",
    clients: [docker((host) => ["gcloud", "docker", "--verbosity=error", `--server=${host}`, "--"])],
    needs: ["gcloud"],
    authenticate: ({ world, sandbox }) => activateGcloud(sandbox, world.writer),
  },
  {
    way: 4,
    what: "oauth2accesstoken, devstorage.read_write",
    clients: EVERY_CLIENT,
    needs: [],
    authenticate: (room) => loginWithToken(room, "devstorage.read_write"),
  },
  {
    way: 4,
    what: "oauth2accesstoken, devstorage.read_only",
    clients: EVERY_CLIENT,
    needs: [],
    refusal: () => /scope/i,
    authenticate: (room) => loginWithToken(room, "devstorage.read_only"),
  },
  {
    way: 5,
    what: "_json_key",
    clients: EVERY_CLIENT,
    needs: [],
    authenticate: (room) => loginWithKey(room, room.world.writer, "_json_key"),
  },
  {
    way: 5,
    what: "_json_key_base64",
    clients: EVERY_CLIENT,
    needs: [],
    authenticate: (room) => loginWithKey(room, room.world.writer, "_json_key_base64"),
  },
  {
    way: 5,
    what: "_json_key of an account that may only pull",
    clients: EVERY_CLIENT,
    needs: [],
    refusal: (world) => new RegExp(world.reader.email),
    authenticate: (room) => loginWithKey(room, room.world.reader, "_json_key"),
  },
];

/** Every row of the table. */
export const ROWS: readonly Row[] = WAYS.flatMap(({ clients, ...way }) =>
  clients.map((client) => ({ ...way, client, needs: [...client.needs, ...way.needs] })),
);

async function activateGcloud(sandbox: Sandbox, { keyFile }: Account): Promise<void> {
  // Google's list of registries ends at its own; this is its switch for others.
  sandbox.env.CLOUDSDK_ARTIFACTS_ALLOW_UNRECOGNIZED_REGISTRY = "true";
  await sandbox.succeed(["gcloud", "auth", "activate-service-account", `--key-file=${keyFile}`]);
  const token = await sandbox.succeed(["gcloud", "auth", "print-access-token"]);
  if (!token) throw new Error("gcloud printed an empty access token");
}

async function activateWaybill(sandbox: Sandbox, { keyFile }: Account): Promise<void> {
  await sandbox.succeed(["waybill", "auth", "activate-service-account", "--push", `--key-file=${keyFile}`]);
}

async function loginWithToken({ world, sandbox, client }: Room, scope: string): Promise<void> {
  const print = ["waybill", "auth", "print-access-token", `--scopes=${scope}`, `--key-file=${world.writer.keyFile}`];
  const password = await sandbox.succeed(print);
  await client.login(sandbox, world.server.host, { username: "oauth2accesstoken", password });
}

async function loginWithKey(room: Room, account: Account, username: "_json_key" | "_json_key_base64"): Promise<void> {
  const key = await keyOf(account);
  const password = username === "_json_key" ? key : Buffer.from(key).toString("base64");
  await room.client.login(room.sandbox, room.world.server.host, { username, password });
}

function slug(text: string): string {
  const words = text.match(/[A-Za-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 100);
}
