import { dockerConfigPath, editDockerConfig, readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { editFile, readTextFile } from "../../docker-config/edit-file.ts";
import { podmanAuthPath, registriesConfPath } from "../../docker-config/podman-files.ts";
import { helpersIn, removeRegistriesHelper } from "../../docker-config/registries-conf.ts";
import type { Env } from "../../sources/context.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import {
  carryOut,
  chooseHosts,
  chosenPrograms,
  type DockerInvocation,
  entryLine,
  type FilePlan,
  helperName,
} from "./docker-entries.ts";

/** `waybill auth unconfigure-docker` */
export async function run(invocation: DockerInvocation): Promise<number> {
  const { values, positionals, context } = invocation;
  const [helper, programs] = [helperName(values), chosenPrograms(values)];
  const settings = readSettings(context.env);
  const isAll = positionals.length === 0 && !values["include-artifact-registry"];
  const named = isAll ? undefined : chooseHosts(invocation, settings);
  const paths = programs.map((name) =>
    name === "docker" ? dockerConfigPath(context.env) : podmanAuthPath(context.env),
  );
  const files = paths.map((path) => planRemoval(path, named, helper, context.env));
  const registries = isAll && programs.includes("podman") ? [planRegistries(helper, context.env)] : [];
  await carryOut({ files: [...files, ...registries], settings: planSettings(named, settings) }, invocation);
  return 0;
}

/** Without names: every host that the file has this helper for. */
function planRemoval(path: string, named: readonly string[] | undefined, helper: string, env: Env): FilePlan {
  const { credHelpers } = readDockerConfig(env, path);
  const entries = (named ?? [...credHelpers.keys()]).filter((host) => credHelpers.get(host) === helper);
  const edits = entries.map((host) => ({ object: "credHelpers", key: host }));
  const lines = entries.map((host) => entryLine("-", host, helper));
  return { path, lines, edit: () => editDockerConfig(env, edits, { path }) };
}

function planRegistries(helper: string, env: Env): FilePlan {
  const path = registriesConfPath(env);
  const lines = helpersIn(readTextFile(path) ?? "").includes(helper) ? [`- credential-helpers: ${helper}`] : [];
  const edit = () =>
    editFile(path, (text, target) => (text === undefined ? undefined : removeRegistriesHelper(text, helper, target)));
  return { path, lines, edit };
}

/** Our helper no longer answers for the hosts. */
function planSettings(named: readonly string[] | undefined, settings: Settings) {
  const hosts = [...settings.registries.keys()].filter((host) => named === undefined || named.includes(host));
  return {
    lines: hosts.map((host) => `${host} is not used`),
    change: (changed: Settings) => {
      for (const host of hosts) changed.registries.delete(host);
    },
  };
}
