/** What the tests with real clients share: one server, one project, an account that may push and one that may only pull. */
import { type Dockerd, startDockerd } from "./dockerd.ts";
import { missing } from "./machine.ts";
import { Sandbox } from "./sandbox.ts";
import { installWaybill, type Server, type ServerOptions, startServer } from "./waybill.ts";

export const PROJECT = "demo-project";

export interface Account {
  readonly email: string;
  /** The path of its JSON key file. */
  readonly keyFile: string;
}

export interface World extends AsyncDisposable {
  readonly server: Server;
  /** May push, pull and delete in the project. */
  readonly writer: Account;
  /** May only pull. */
  readonly reader: Account;
  /** A fresh home for one test, with our programs in PATH and the shared Docker engine, where there is one. */
  enter(): Promise<Sandbox>;
}

export type WorldOptions = ServerOptions & { readonly engine?: boolean };

/** `engine: false` starts no dockerd even where there is one. */
export async function createWorld({ engine = true, ...options }: WorldOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer(options));
  await server.administer("projects", "create", PROJECT);
  const writer = await createAccount(server, "writer", "roles/storage.admin");
  const reader = await createAccount(server, "reader", "roles/storage.objectViewer");
  const hasEngine = engine && missing(["dockerd", "docker", "root"]).length === 0;
  const dockerd = hasEngine ? stack.use(await startDockerd()) : undefined;
  const rest = stack.move();
  return { server, writer, reader, enter: () => enter(dockerd), [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** A service account in the project with one role and one key. */
export async function createAccount(server: Server, name: string, role: string): Promise<Account> {
  const create = ["iam", "service-accounts", "create", name, `--project=${PROJECT}`, "--format=json"];
  const { email } = JSON.parse(await server.administer(...create)) as { email: string };
  const binding = [`--member=serviceAccount:${email}`, `--role=${role}`];
  await server.administer("projects", "add-iam-policy-binding", PROJECT, ...binding);
  const keyFile = server.path(`${name}.json`);
  await server.administer("iam", "service-accounts", "keys", "create", keyFile, `--iam-account=${email}`);
  return { email, keyFile };
}

async function enter(dockerd: Dockerd | undefined): Promise<Sandbox> {
  const sandbox = await Sandbox.create({ env: dockerd ? { DOCKER_HOST: dockerd.host } : {} });
  await installWaybill(sandbox);
  return sandbox;
}
