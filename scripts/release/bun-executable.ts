import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { integrityOf, repository } from "./lock-file.ts";
import type { Target } from "./targets.ts";

/**
 * The path of Bun's executable for a target: npm's package of it, whose archive must be the one that package-lock.json has the
 * digest of. It is kept in the user's cache.
 */
export function bunFor({ bun, suffix }: Target): string {
  const installed = join(repository, "node_modules/@oven", bun, "bin", `bun${suffix}`);
  if (existsSync(installed)) return installed;
  const { version, integrity } = integrityOf(`@oven/${bun}`);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "waybill/bun");
  const folder = join(cache, `${bun}-${version}`);
  const archive = join(cache, `oven-${bun}-${version}.tgz`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(archive)) {
    execFileSync("npm", ["pack", "--silent", `--pack-destination=${cache}`, `@oven/${bun}@${version}`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (digest !== integrity) throw new Error(`${archive} is not what package-lock.json names: remove it and try again`);
  execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1", `package/bin/bun${suffix}`]);
  return join(folder, "bin", `bun${suffix}`);
}
