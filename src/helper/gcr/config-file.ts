// docker-credential-gcr's configuration: {"TokenSources":["store","env"]}, where the order is the order of the search.
import { readFileSync } from "node:fs";
import type { Env } from "../../sources/context.ts";
import { fileError, isAbsent } from "./file-error.ts";
import { ownFile } from "./gcloud-folder.ts";
import { decodeGoObject, encodeGoJson, type GoType, goField, typeError } from "./go-json.ts";

/** The sources that `config --token-source` takes, and the order when nothing is configured. */
export const supportedSources = ["env", "gcloud", "store"] as const;
export const defaultSources: readonly string[] = ["store", "env"];

const type: GoType = { value: "config.configFile", struct: "configFile" };
const field = "TokenSources";

/** Where the configuration lies. */
export function gcrConfigPath(env: Env): string {
  return ownFile(env, "DOCKER_CREDENTIAL_GCR_CONFIG", "docker_credential_gcr_config.json");
}

/** The sources in the order of the search. */
export function readTokenSources(env: Env): readonly string[] {
  const path = gcrConfigPath(env);
  return withPath(path, () => sourcesIn(readIfPresent(path))) ?? defaultSources;
}

/** Puts other sources into the configuration; what else is in the file stays. The same sources change nothing. */
export async function writeTokenSources(env: Env, sources: readonly string[]): Promise<void> {
  const { editFile } = await import("../../docker-config/edit-file.ts");
  const path = gcrConfigPath(env);
  const edit = (text: string | undefined) =>
    withPath(path, () => {
      const old = sourcesIn(text) ?? defaultSources;
      if (text !== undefined && JSON.stringify(old) === JSON.stringify(sources)) return text;
      return `${encodeGoJson({ ...(text === undefined ? {} : decodeGoObject(text, type)), [field]: sources })}\n`;
    });
  await editFile(path, edit, { mode: 0o644 }); // There is nothing secret in it.
}

/** Forgets the configuration. One that cannot be read is not thrown away. */
export async function removeGcrConfig(env: Env): Promise<void> {
  const { editFile } = await import("../../docker-config/edit-file.ts");
  const path = gcrConfigPath(env);
  readTokenSources(env);
  if (readIfPresent(path) === undefined) throw new Error(`remove ${path}: no such file or directory`);
  await editFile(path, () => undefined);
}

function sourcesIn(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const sources = goField(decodeGoObject(text, type), field);
  if (sources === undefined) return undefined;
  if (!Array.isArray(sources)) throw typeError(sources, `${type.struct}.${field}`, "[]string");
  const other = sources.find((source) => typeof source !== "string");
  if (other !== undefined) throw typeError(other, `${type.struct}.${field}`, "string");
  return sources.length === 0 ? undefined : sources;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(error, path);
  }
}

function withPath<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`failed to load config from ${path}: ${(error as Error).message}`);
  }
}
