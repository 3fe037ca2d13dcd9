/** A registry client of the field, by what it does here: each gets a home in which it is logged in, and moves images. */
import { setHelper } from "../docker-configuration.ts";
import type { GoProgram } from "../go-program.ts";
import type { Sandbox } from "../sandbox.ts";
import { PROJECT, type World } from "../world.ts";

export interface Peer extends GoProgram {
  /** Its own way to log in with a token that comes on standard input. */
  readonly login: (visit: Visit, token: string) => Promise<void>;
  /** Everything that it can do, each result checked. Throws where one is wrong. */
  readonly tour: (visit: Visit) => Promise<void>;
}

/** One client in one home at one registry. */
export interface Visit {
  readonly sandbox: Sandbox;
  readonly world: World;
  readonly host: string;
  /** `HOST/PROJECT/…` with a part of its own for each visit. */
  named(name: string): string;
  /** Runs the client; it must succeed. Gives its standard output. */
  run(...words: string[]): Promise<string>;
  runWithInput(input: string, ...words: string[]): Promise<string>;
}

/** The username of an access token as password. */
export const tokenUsername = "oauth2accesstoken";

/** The ways in which a client can come by its credentials. */
export const ways = {
  /** It logs in itself, with a token that may push. */
  "a token": async (peer: Peer, visit: Visit): Promise<void> => {
    const { keyFile } = visit.world.writer;
    const command = ["waybill", "auth", "print-access-token", "--scopes=devstorage.read_write"];
    await peer.login(visit, await visit.sandbox.succeed([...command, `--key-file=${keyFile}`]));
  },
  /** Nobody logs in: Docker's configuration names our helper. */
  "docker-credential-waybill": async (_: Peer, { sandbox, world, host }: Visit): Promise<void> => {
    const activate = ["waybill", "auth", "activate-service-account", "--push"];
    await sandbox.succeed([...activate, `--key-file=${world.writer.keyFile}`]);
    await setHelper(sandbox, host, "waybill");
  },
} as const;

/** A home where nobody is logged in yet. */
export async function enter({ name }: Peer, program: string, world: World, way: keyof typeof ways): Promise<Visit> {
  const sandbox = await world.enter();
  const { host } = world.server;
  return {
    sandbox,
    world,
    host,
    named: (image) => `${host}/${PROJECT}/${name}-${way.replace(" ", "-")}/${image}`,
    run: (...words) => sandbox.succeed([program, ...words]),
    runWithInput: (input, ...words) => sandbox.succeed([program, ...words], { input }),
  };
}

/** Throws where two texts differ. */
export function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what}: ${JSON.stringify(found)} and not ${JSON.stringify(expected)}`);
}

/** Throws where a text lacks what it must have. */
export function expectIn(what: string, text: string, ...parts: readonly string[]): void {
  for (const part of parts) if (!text.includes(part)) throw new Error(`${what} has no ${part}:\n${text}`);
}

/** Throws where the action succeeds. */
export async function expectGone(what: string, action: () => Promise<unknown>): Promise<void> {
  const isGone = await action().then(
    () => false,
    () => true,
  );
  if (!isGone) throw new Error(`${what} is still there`);
}
