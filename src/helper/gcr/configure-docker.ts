import { basename } from "node:path";
import { findProgram } from "../../docker-config/credential-helper.ts";
import { dockerConfigPath, editDockerConfig, readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { readTextFile } from "../../docker-config/edit-file.ts";
import type { Edit } from "../../docker-config/edit-json.ts";
import { artifactRegistryHosts, containerRegistryHosts } from "../../docker-config/google-registries.ts";
import type { Context } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { trimSpace } from "../input.ts";
import { parseGoCsv } from "./go-csv.ts";
import type { ParsedFlags } from "./go-flags.ts";
import { decodeGoObject } from "./go-json.ts";
import type { GcrProgram } from "./program.ts";

/** A Docker configuration that is new starts as docker-credential-gcr starts it. */
const freshConfig = '{\n\t"auths": {}\n}';

/** Something is wrong; the message is told as it is. */
class ConfigureError extends Error {}

/** `configure-docker`: writes Docker's configuration so that docker asks this helper for the hosts. It never asks back. */
export async function configureDocker(
  program: GcrProgram,
  { texts, switches }: ParsedFlags,
  context: Context,
): Promise<number> {
  const withArtifactRegistry = switches["include-artifact-registry"] === true;
  try {
    checkProgram(program, context);
    const { path, logins } = readConfig(context);
    const hosts = chooseHosts(texts.registries ?? "", withArtifactRegistry, context);
    const stale =
      switches.overwrite === true ? [...logins].filter((key) => hosts.includes(parseRegistryHost(key) ?? "")) : [];
    await save(hosts, stale, program.suffix, context);
    context.stdout(
      `${path} configured to use this credential helper for ${withArtifactRegistry ? "GCR and AR" : "GCR"} registries\n`,
    );
    return 0;
  } catch (error) {
    context.stderr(`ERROR: ${messageOf(error)}\n`);
    return 1;
  }
}

/** Docker finds a helper by its name, on PATH and nowhere else. */
function checkProgram({ invokedAs }: GcrProgram, { env }: Context): void {
  const name = basename(invokedAs);
  if (!name.startsWith("docker-credential-"))
    throw new ConfigureError(`Binary name must be prefixed with 'docker-credential-': ${name}`);
  if (findProgram(name, env) === undefined) throw new ConfigureError(`'${name}' must exist on your PATH`);
}

/** A file that docker cannot read is refused in docker's words. */
function readConfig({ env }: Context) {
  try {
    return readDockerConfig(env);
  } catch (error) {
    const path = dockerConfigPath(env);
    throw new ConfigureError(`Unable to load docker config: ${jsonTrouble(path) ?? messageOf(error)}`);
  }
}

function jsonTrouble(path: string): string | undefined {
  try {
    decodeGoObject(readTextFile(path) ?? "", { value: "configfile.ConfigFile", struct: "ConfigFile" });
    return undefined;
  } catch (error) {
    return `${path}: ${messageOf(error)}`;
  }
}

function chooseHosts(registries: string, withArtifactRegistry: boolean, { stdout }: Context): string[] {
  if (registries !== "") {
    stdout("Configuring supplied registries....\n");
    const names = parseRegistries(registries);
    stdout(`Adding config for registries: ${names.join(",")}\n`);
    return [
      ...new Set(
        names
          .map(trimSpace)
          .filter((name) => name !== "")
          .map(parseHost),
      ),
    ].sort();
  }
  stdout(
    "Configuring default registries....\n" +
      "WARNING: A long list of credential helpers may cause delays running 'docker build'.\n" +
      "We recommend passing the registry names via the --registries flag for the specific registries you are using\n" +
      `Adding config for all ${withArtifactRegistry ? "GCR and AR" : "GCR"} registries.\n`,
  );
  return [...containerRegistryHosts, ...(withArtifactRegistry ? artifactRegistryHosts : [])].sort();
}

function parseRegistries(text: string): string[] {
  try {
    return parseGoCsv(text);
  } catch (error) {
    throw new ConfigureError(`Unable to parse \`--registries\` value ${JSON.stringify(text)}: ${messageOf(error)}`);
  }
}

/** docker looks a host up by its bare name: an entry of another form would never be found. */
function parseHost(name: string): string {
  const host = parseRegistryHost(name);
  if (host === undefined) throw new ConfigureError(`${JSON.stringify(name)} is not a registry host`);
  return host;
}

async function save(
  hosts: readonly string[],
  stale: readonly string[],
  suffix: string,
  { env }: Context,
): Promise<void> {
  const edits: Edit[] = hosts.map((key) => ({ object: "credHelpers", key, value: suffix }));
  const removals: Edit[] = stale.map((key) => ({ object: "auths", key }));
  try {
    await editDockerConfig(env, [...edits, ...removals], { fresh: freshConfig });
  } catch (error) {
    throw new ConfigureError(`Unable to save docker config: ${messageOf(error)}`);
  }
}
