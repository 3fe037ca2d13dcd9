/** What the reader of a page has when its first command runs: the programs, and what `before` says. */
import { chmod, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Containerd, startContainerd } from "../clients/containerd.ts";
import { type Dockerd, startDockerd } from "../clients/dockerd.ts";
import { googleAuthPython } from "../clients/google-auth-python.ts";
import { Sandbox } from "../clients/sandbox.ts";
import { executables } from "../clients/waybill.ts";
import type { CommandBlock, Page } from "./blocks.ts";
import { Names, SERVER } from "./names.ts";
import { goProgramsOf, programsOf } from "./programs.ts";
import { commandBlocks, isRun, runPage } from "./run-page.ts";
import { Shell } from "./shell.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** What docs/start.md leaves behind. */
const AFTER_START = `
waybill auth activate-service-account --push --key-file=owner.json
waybill projects create my-project
waybill iam service-accounts create pusher --project=my-project
waybill projects add-iam-policy-binding my-project --member=serviceAccount:pusher@my-project.iam.waybill.internal \
  --role=roles/artifactregistry.writer
waybill iam service-accounts keys create key.json --iam-account=pusher@my-project.iam.waybill.internal
waybill auth configure-docker
push-test-image localhost:5000/my-project/app:1 owner.json
`;

/** What all pages of a run share: engines, and programs that take time to build. */
export interface Machine extends AsyncDisposable {
  readonly dockerd: Dockerd | undefined;
  readonly containerd: Containerd | undefined;
  /** Programs by name. */
  readonly programs: readonly (readonly [string, string])[];
}

/** Starts the engines that the blocks need and this machine has. */
export async function prepareMachine(pages: readonly Pick<Page, "blocks">[]): Promise<Machine> {
  await using stack = new AsyncDisposableStack();
  const blocks = pages.flatMap(commandBlocks).filter(isRun);
  const runs = (program: string) => blocks.some((block) => programsOf(block).includes(program));
  const dockerd = runs("docker") ? stack.use(await startDockerd()) : undefined;
  const containerd = runs("ctr") ? stack.use(await startContainerd()) : undefined;
  const python = runs("python3") ? googleAuthPython() : undefined;
  const built = await goProgramsOf(blocks);
  const programs = [...built, ...(python ? [["python3", python] as const] : [])];
  const rest = stack.move();
  return { dockerd, containerd, programs, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** Runs one page from its beginning to its end; nothing of it is left. */
export async function visit(page: Page, machine: Machine): Promise<void> {
  await using sandbox = await Sandbox.create({ env: engines(machine) });
  await installPrograms(sandbox, machine);
  if (page.start === "a checkout") await checkOut(sandbox);
  const names = await Names.for(commandBlocks(page).flatMap(textsOf).join("\n"), page.aliases);
  const hasServer = page.start === "docs/start.md" || page.start === "a new registry";
  await mkdir(sandbox.path("work"), { recursive: true });
  Object.assign(sandbox.env, hasServer ? {} : settingsFor(names));
  const server = hasServer ? await startServer(sandbox, names) : undefined;
  const shell = await Shell.open(sandbox, server ? names.with(SERVER, server) : names);
  try {
    if (page.start === "docs/start.md") await followStart(shell);
    await runPage(page, shell);
  } finally {
    await shell.stop();
  }
}

/** What `waybill serve` of a page is told, besides what the page says: its port, and that other servers of the page are near. */
function settingsFor(names: Names): Record<string, string> {
  return { WAYBILL_LISTEN: names.toMachine(SERVER), WAYBILL_PRIVATE_UPSTREAMS: names.servers.join(",") };
}

function textsOf({ commands }: CommandBlock): string[] {
  return commands.flatMap(({ text, output = [] }) => [text, ...output]);
}

function engines({ dockerd, containerd }: Machine): Record<string, string> {
  return {
    ...(dockerd ? { DOCKER_HOST: dockerd.host } : {}),
    // Plain copies, so that no file system below need be one that can be laid over another.
    ...(containerd ? { CONTAINERD_ADDRESS: containerd.address, CONTAINERD_SNAPSHOTTER: "native" } : {}),
  };
}

async function installPrograms(sandbox: Sandbox, { programs }: Machine): Promise<void> {
  const folder = await executables();
  const own = ["waybill", "docker-credential-waybill"].map((name) => [name, join(folder, name)] as const);
  for (const [name, path] of own) await symlink(path, sandbox.path("bin", name));
  // No links: a Python finds its packages by the path that it is called by.
  for (const [name, path] of programs) await script(sandbox, name, `'${path}'`);
  // What a reader would get by `npm install`.
  await symlink(join(REPOSITORY, "node_modules"), sandbox.path("node_modules"));
  await script(sandbox, "push-test-image", `'${process.execPath}' '${join(import.meta.dir, "push-test-image.ts")}'`);
}

async function script(sandbox: Sandbox, name: string, command: string): Promise<void> {
  await Bun.write(sandbox.path("bin", name), `#!/bin/sh\nexec ${command} "$@"\n`);
  await chmod(sandbox.path("bin", name), 0o755);
}

/** The files of the repository as they are here, with the packages of this folder. */
async function checkOut(sandbox: Sandbox): Promise<void> {
  await mkdir(sandbox.path("work"));
  const copy = `git ls-files -z -- ':!docs/images' | xargs -0 cp --parents -t '${sandbox.path("work")}'`;
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", copy], { cwd: REPOSITORY });
  if (exitCode !== 0) throw new Error(`copy of the repository: ${stderr}`);
  await symlink(join(REPOSITORY, "node_modules"), sandbox.path("work/node_modules"));
}

/** A registry over ./waybill-data, whose owner's key is ./owner.json; gives `HOST:PORT`. */
async function startServer(sandbox: Sandbox, names: Names): Promise<string> {
  const [data, key] = [sandbox.path("work/waybill-data"), sandbox.path("work/owner.json")];
  const folders = [`--data=${data}`, `--admin-key=${key}`];
  const near = `--private-upstreams=${names.servers.join(",")}`;
  const command = ["waybill", "serve", "--listen=localhost:0", near, ...folders];
  const { ready } = await sandbox.start("server", command, /^ready: http:\/\/(\S+)$/m);
  return ready[1] ?? "";
}

async function followStart(shell: Shell): Promise<void> {
  const { exitCode, text } = await shell.run(`set -e\n${AFTER_START}`);
  if (exitCode !== 0) throw new Error(`what docs/start.md leaves could not be made:\n${text}`);
}
