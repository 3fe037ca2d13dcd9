// Where settings are said: on the command line, in the environment, in a file. Each layer is read into the same form.
import { parseArgs } from "node:util";
import { ConfigError } from "./config-error.ts";
import { parseConfigFile } from "./config-file.ts";
import { nearMatch } from "./near-match.ts";
import { kindOf } from "./setting-kinds.ts";
import { settings } from "./settings.ts";

/** What is read, as parameters. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readFile(path: string): string;
}

/** One thing that was said: `where` is what a message about it begins with. */
export interface Said {
  readonly name: string;
  readonly value: unknown;
  readonly where: string;
  readonly layer: "flag" | "environment" | "file";
}

const names = Object.keys(settings.shape);
const secretFiles = names.filter((name) => isSecret(name)).map((name) => `${name}-file`);
const allNames = [...names, ...secretFiles];

/** The variable of a setting. */
export function variableOf(name: string): string {
  return `WAYBILL_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** Whether nobody may see it. */
export function isSecret(name: string): boolean {
  const type = settings.shape[name as keyof typeof settings.shape];
  return type !== undefined && kindOf(type) === "secret";
}

/**
 * Everything that was said about settings, what counts more first. Throws ConfigError where a name is none.
 * @param extra flags of a command of its own, beside the settings: they are handed back
 */
export function readLayers(argv: readonly string[], around: Surroundings, extra: readonly string[] = []) {
  const { config = around.env["WAYBILL_CONFIG"] || undefined, ...flags } = parseFlags(argv, extra);
  const own = Object.fromEntries(extra.map((name) => [name, flags[name]]));
  const said = [
    ...Object.entries(flags)
      .filter(([name]) => !extra.includes(name))
      .map(([name, value]): Said => ({ name, value, where: `--${name}`, layer: "flag" })),
    ...fromEnvironment(around.env),
    ...(typeof config === "string" ? fromFile(config, around) : []),
  ];
  return { said: withoutFiles(said, around), own: own as Readonly<Record<string, string | undefined>> };
}

function parseFlags(argv: readonly string[], extra: readonly string[]): Record<string, string | boolean | undefined> {
  const typeOf = (name: string) => (isFlag(name) ? ("boolean" as const) : ("string" as const));
  const known = [...allNames, "config", ...extra];
  const options = Object.fromEntries(known.map((name) => [name, { type: typeOf(name) }]));
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false, allowNegative: true }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const typed = /'--([^'= ]*)/.exec(message)?.[1];
    if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION" || typed === undefined) throw new ConfigError(message);
    throw new ConfigError(`unknown flag --${typed}${suggestion(typed, known, (near) => `--${near}`)}`);
  }
}

function isFlag(name: string): boolean {
  const type = settings.shape[name as keyof typeof settings.shape];
  return type !== undefined && kindOf(type) === "flag";
}

/** Variables of the commands that act for a person; they may be in the environment of a server, too. */
const otherVariables: ReadonlySet<string> = new Set(
  "CONFIG CONFIG_DIR SERVER KEY KEY_FILE ACCESS_TOKEN ACCESS_TOKEN_FILE ID_TOKEN GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET"
    .split(" ")
    .map((name) => `WAYBILL_${name}`),
);

/**
 * A variable that nobody knows is an error only when it is nearly one of ours: Kubernetes puts WAYBILL_PORT and more into
 * every container beside a service of that name. An empty one says nothing, as everywhere.
 */
function fromEnvironment(env: Surroundings["env"]): Said[] {
  const byVariable = new Map(allNames.map((name) => [variableOf(name), name]));
  const unknown = Object.keys(env).filter(
    (variable) =>
      variable.startsWith("WAYBILL_") &&
      !byVariable.has(variable) &&
      !otherVariables.has(variable) &&
      !/^WAYBILL_(?:SERVICE_|PORT|WORKLOAD_IDENTITY_)/.test(variable),
  );
  const near = unknown.map((variable) => [variable, nearMatch(variable, [...byVariable.keys()])] as const);
  const problems = near.flatMap(([variable, meant]) =>
    meant === undefined || !isTypingMistake(variable, meant)
      ? []
      : [`${variable}: there is no such setting; did you mean ${meant}?`],
  );
  if (problems.length > 0) throw new ConfigError(...problems);
  return [...byVariable]
    .filter(([variable]) => (env[variable] ?? "") !== "")
    .map(([variable, name]) => ({ name, value: env[variable], where: variable, layer: "environment" }));
}

/** All variables begin alike, so that nearness has to be asked of what follows. */
function isTypingMistake(variable: string, meant: string): boolean {
  const [typed, name] = [variable, meant].map((text) => text.slice("WAYBILL_".length));
  return nearMatch(typed ?? "", [name ?? ""]) !== undefined;
}

function fromFile(path: string, { readFile }: Surroundings): Said[] {
  const file = parseConfigFile(path, readOrThrow(path, readFile));
  const unknown = [...file.values.keys()].filter((name) => !allNames.includes(name));
  if (unknown.length > 0) {
    const problemOf = (name: string) =>
      `${file.where(name)}: there is no setting ${JSON.stringify(name)}${suggestion(name, allNames, (near) => near)}`;
    throw new ConfigError(...unknown.map(problemOf));
  }
  return [...file.values]
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ({ name, value, where: `${file.where(name)}: ${name}`, layer: "file" }));
}

function readOrThrow(path: string, readFile: Surroundings["readFile"], where = "--config"): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new ConfigError(`${where}: ${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Puts in the place of NAME-file what the file holds. Both forms in one layer contradict each other. */
function withoutFiles(said: readonly Said[], { readFile }: Surroundings): Said[] {
  return said.map((each) => {
    if (!secretFiles.includes(each.name)) return each;
    const name = each.name.slice(0, -"-file".length);
    const rival = said.find((other) => other.name === name && other.layer === each.layer);
    if (rival) throw new ConfigError(`${each.where}: ${rival.where} says the same; only one of them can be`);
    const value = readOrThrow(String(each.value), readFile, each.where).replace(/\r?\n$/, "");
    return { ...each, name, value };
  });
}

function suggestion(typed: string, candidates: readonly string[], spell: (near: string) => string): string {
  const near = nearMatch(typed, candidates);
  return near === undefined ? "" : `; did you mean ${spell(near)}?`;
}
