// The real docker-credential-gcr, built by Go from its published module into a cache outside the repository.
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const module = "github.com/GoogleCloudPlatform/docker-credential-gcr/v2@latest";

const buildMilliseconds = 180_000;

/** True where a missing peer is a failure and not a skipped test. */
export const peersRequired = process.env.WAYBILL_REQUIRE_PEERS === "1";

/** The path of its executable, or why there is none. */
export function findPeer(): { path: string } | { lacking: string } {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "waybill/peers");
  const path = join(folder, "docker-credential-gcr");
  if (existsSync(path)) return { path };
  if (!Bun.which("go")) return { lacking: "go" };
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  const { exitCode, stderr } = Bun.spawnSync(["go", "install", module], {
    env,
    stderr: "pipe",
    timeout: buildMilliseconds,
  });
  if (exitCode === 0) return { path };
  return { lacking: `${module}: ${stderr.toString().trim().split("\n").at(-1)}` };
}
