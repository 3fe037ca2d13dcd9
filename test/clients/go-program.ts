/**
 * Programs that no distribution has, built by Go from their published modules. They lie in a cache outside the repository,
 * `$XDG_CACHE_HOME/waybill/peers/NAME@VERSION/NAME`, and are built once for each version.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** A command of a Go module, at a version of its own: `latest` would make yesterday's run another one than today's. */
export interface GoProgram {
  readonly name: string;
  /** `example.com/module/cmd/name@v1.2.3` */
  readonly module: string;
}

/** What a run says where Go is missing; undefined where it is there. */
export function goMissing(): string | undefined {
  return Bun.which("go") ? undefined : "skipped: needs go (https://go.dev/dl/)";
}

/** The program's path. Throws where Go cannot build it. */
export async function buildGoProgram({ name, module }: GoProgram): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(cache, "waybill/peers", `${name}@${module.split("@")[1]}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  console.log(`go install ${module}`);
  // Go keeps its own cache of modules; ours holds only the finished programs.
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod -buildvcs=false", CGO_ENABLED: "0" };
  const child = Bun.spawn(["go", "install", module], { env, stdout: "ignore", stderr: "pipe" });
  const [errors, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  if (exitCode !== 0 || !existsSync(program))
    throw new Error(`go install ${module}: exit ${exitCode}\n${errors.slice(-2000)}`);
  return program;
}
