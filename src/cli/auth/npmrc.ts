import { chmodSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { editFile, readTextFile } from "../../docker-config/edit-file.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { home } from "../../sources/paths.ts";
import { registryCredential } from "../../sources/registry-credential.ts";
import { isLoopback, parseRegistryHost } from "../../sources/registry-host.ts";
import type { IssuedToken } from "../../sources/token-source.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";
import { type NpmToken, npmRegistries, withTokens } from "./npmrc-text.ts";

/** `waybill auth npmrc` */
export async function run({ values, context }: Invocation<"npmrc" | "project" | "registry">): Promise<number> {
  const path = values.npmrc ?? (context.env.NPM_CONFIG_USERCONFIG || join(home(context.env), ".npmrc"));
  const registries =
    values.registry === undefined ? readRegistries(path, values.project) : parseRegistries(values.registry);
  const tokens = await tokensFor(registries, context);
  if (tokens.length === 0)
    throw new Failure(
      "no registry of npm's configuration is one that an account is configured for",
      "name one in .npmrc (@scope:registry=https://REGION-npm.pkg.dev/PROJECT/REPOSITORY/), or with --registry=URL",
    );
  await write(path, tokens);
  for (const { registry, expiresAt } of tokens) context.stderr(`${registry.href} has a token${until(expiresAt)}.\n`);
  return 0;
}

/** The registries that npm would use: those of the project's file and of the user's own. */
function readRegistries(path: string, project = "."): URL[] {
  const files = [resolve(project, ".npmrc"), path];
  return npmRegistries(files.map((file) => readTextFile(file) ?? "").join("\n"));
}

function parseRegistries(list: string): URL[] {
  return parseList(list).map((text) => {
    const url = URL.parse(text);
    if (!url || !/^https?:$/.test(url.protocol))
      throw new UsageError(`${JSON.stringify(text)} is not a registry's URL`);
    return url;
  });
}

/** A registry gets the token of its host and of no other; npm sends it nowhere else. */
async function tokensFor(registries: readonly URL[], context: Context): Promise<NpmToken[]> {
  const tokens: NpmToken[] = [];
  for (const registry of registries) {
    const isPrivate = registry.protocol === "https:" || isLoopback(registry.hostname);
    const host = isPrivate ? parseRegistryHost(registry.origin) : undefined;
    const credential: IssuedToken | undefined = host && (await registryCredential(host, context));
    if (credential) tokens.push({ registry, token: credential.token, expiresAt: credential.expiresAt });
  }
  return tokens;
}

/** The file is closed to others before a token gets into it. */
async function write(path: string, tokens: readonly NpmToken[]): Promise<void> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && process.platform !== "win32" && (stats.mode & 0o177) !== 0) chmodSync(path, 0o600);
  await editFile(path, (text = "", target) => {
    if (text.includes("\uFFFD")) throw new Failure(`${target} is not UTF-8; it was left as it is`, "mend it first");
    return withTokens(text, tokens);
  });
}

function until(expiresAt: number | undefined): string {
  return expiresAt === undefined ? "" : ` until ${new Date(expiresAt * 1000).toISOString().replace(/\.\d+Z$/, "Z")}`;
}
