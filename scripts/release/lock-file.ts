import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** A package of npm that is part of what is built. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
  /** `sha512-…` in base64 (Subresource Integrity). */
  readonly integrity: string | undefined;
  /** Where it lies below the repository: `node_modules/hono`. */
  readonly folder: string;
}

const schema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
    }),
  ),
});

export const repository = join(import.meta.dir, "../..");

/** The packages that run, without those that only develop, in the order of their folders. */
export function runningPackages(): LockedPackage[] {
  return entries().filter(({ dev, optional, folder }) => folder !== "" && !dev && !optional);
}

/** The digest that package-lock.json has of one package's archive. Throws where it has none. */
export function integrityOf(name: string): { version: string; integrity: string } {
  const found = entries().find(({ folder }) => folder === `node_modules/${name}`);
  if (found?.integrity === undefined) throw new Error(`package-lock.json has no integrity for ${name}`);
  return { version: found.version, integrity: found.integrity };
}

function entries(): (LockedPackage & { dev: boolean; optional: boolean })[] {
  const { packages } = schema.parse(JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")));
  return Object.entries(packages)
    .map(([folder, { version = "", license, integrity, dev = false, optional = false }]) => {
      const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
      return { name, version, licence: license, integrity, folder, dev, optional };
    })
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}
