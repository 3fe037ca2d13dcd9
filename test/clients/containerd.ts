/** containerd without Kubernetes' part of it, and its own client: what nodes and nerdctl pull with. */
import type { Credentials } from "./check-client.ts";
import { type TestImage, writeArchive } from "./image.ts";
import { Sandbox } from "./sandbox.ts";

export interface Containerd extends AsyncDisposable {
  /** The path of its socket. */
  readonly address: string;
  /** Runs `ctr` against it. */
  ctr(...words: string[]): Promise<string>;
  /** Makes an image known under a name, without a registry. */
  load(image: TestImage, reference: string): Promise<void>;
  push(reference: string, credentials: Credentials): Promise<void>;
  /** Forgets the image and all of its content, pulls it, and gives its manifest's digest. */
  pull(reference: string, credentials?: Credentials): Promise<string>;
}

/** Starts a containerd of its own in a folder that goes with it. */
export async function startContainerd(): Promise<Containerd> {
  const sandbox = await Sandbox.create();
  try {
    const socket = sandbox.path("c.sock");
    await Bun.write(sandbox.path("containerd.toml"), configuration(sandbox, socket));
    const command = ["containerd", "--config", sandbox.path("containerd.toml")];
    await sandbox.start("containerd", command, /containerd successfully booted/);
    return clientOf(sandbox, socket, (...words) => sandbox.succeed(["ctr", "--address", socket, ...words]));
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

function clientOf(sandbox: Sandbox, address: string, ctr: Containerd["ctr"]): Containerd {
  const user = (credentials?: Credentials) =>
    credentials ? ["--user", `${credentials.username}:${credentials.password}`] : [];
  // Plain copies, so that no file system below need be one that can be laid over another.
  const unpacked = ["--snapshotter", "native"];
  return {
    address,
    ctr,
    async load(image, reference) {
      await writeArchive(image, sandbox.path("image.tar"), reference);
      await ctr("images", "import", ...unpacked, sandbox.path("image.tar"));
    },
    async push(reference, credentials) {
      await ctr("images", "push", "--plain-http", ...user(credentials), reference);
    },
    async pull(reference, credentials) {
      await ctr("images", "rm", "--sync", reference);
      await ctr("images", "pull", "--plain-http", ...unpacked, ...user(credentials), reference);
      const listed = await ctr("images", "list", `name==${reference}`);
      return /sha256:[0-9a-f]{64}/.exec(listed)?.[0] ?? "";
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

function configuration(sandbox: Sandbox, socket: string): string {
  return [
    "version = 2",
    `root = "${sandbox.path("root")}"`,
    `state = "${sandbox.path("state")}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    "[grpc]",
    `  address = "${socket}"`,
    "",
  ].join("\n");
}
