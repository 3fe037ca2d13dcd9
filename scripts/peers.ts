/**
 * `npm run ci:peers`: registry clients that no distribution has, built by Go from their published modules and run against our server.
 *
 * They are built into a cache outside the repository (`$XDG_CACHE_HOME/waybill/peers`) and reused from there.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setHelper } from "../test/clients/docker-configuration.ts";
import { makeImage, writeArchive } from "../test/clients/image.ts";
import type { Sandbox } from "../test/clients/sandbox.ts";
import { compare } from "../test/clients/ways.ts";
import { createWorld, PROJECT, type World } from "../test/clients/world.ts";

const CRANE = "github.com/google/go-containerregistry/cmd/crane@latest";

const tally = { passed: 0, failed: 0 };
if (!Bun.which("go")) {
  console.log("skipped: needs go (https://go.dev/dl/)\n0 passed, 0 failed, 1 skipped");
  process.exit(0);
}
await run();
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);

async function run(): Promise<void> {
  const crane = await build("crane", CRANE);
  await using world = await createWorld({ engine: false });
  await row("crane with oauth2accesstoken", () => craneWithToken(crane, world));
  await row("crane with docker-credential-waybill", () => craneWithHelper(crane, world));
}

async function row(name: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
    tally.passed += 1;
    console.log(`passed  ${name}`);
  } catch (error) {
    tally.failed += 1;
    console.log(`failed  ${name}\n${(error as Error).message}`);
  }
}

/** Go keeps its own cache of modules; ours holds only the finished programs. */
async function build(name: string, module: string): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "waybill/peers");
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  console.log(`go install ${module}`);
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  const { exitCode } = Bun.spawnSync(["go", "install", module], { env, stdout: "inherit", stderr: "inherit" });
  if (exitCode !== 0) throw new Error(`go install ${module}: exit ${exitCode}`);
  return program;
}

async function craneWithToken(crane: string, world: World): Promise<void> {
  await using sandbox = await world.enter();
  const key = `--key-file=${world.writer.keyFile}`;
  const token = await sandbox.succeed(["waybill", "auth", "print-access-token", "--scopes=devstorage.read_write", key]);
  const login = [crane, "auth", "login", world.server.host, "--username=oauth2accesstoken", "--password-stdin"];
  await sandbox.succeed(login, { input: token });
  await moveImages(crane, sandbox, world, "crane-token");
}

async function craneWithHelper(crane: string, world: World): Promise<void> {
  await using sandbox = await world.enter();
  await sandbox.succeed(["waybill", "auth", "activate-service-account", `--key-file=${world.writer.keyFile}`]);
  await setHelper(sandbox, world.server.host, "waybill");
  await moveImages(crane, sandbox, world, "crane-helper");
}

async function moveImages(crane: string, sandbox: Sandbox, world: World, repository: string): Promise<void> {
  const image = makeImage();
  const [first, second] = [`${repository}:1`, `${repository}-copy:1`].map(
    (name) => `${world.server.host}/${PROJECT}/${name}`,
  );
  if (!first || !second) throw new Error("two names were made");
  await writeArchive(image, sandbox.path("image.tar"), first);
  await sandbox.succeed([crane, "push", sandbox.path("image.tar"), first]);
  await compare(world, first, image);
  await sandbox.succeed([crane, "copy", first, second]);
  await compare(world, second, image);
  const [pushed, copied] = await Promise.all([first, second].map((name) => sandbox.succeed([crane, "digest", name])));
  if (pushed !== copied) throw new Error(`${first} is ${pushed}, its copy is ${copied}`);
  await sandbox.succeed([crane, "pull", second, sandbox.path("pulled.tar")]);
  await sandbox.succeed([crane, "validate", `--tarball=${sandbox.path("pulled.tar")}`]);
}
