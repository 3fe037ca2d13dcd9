import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

// This file is the architecture: which room may know of which, and why. A new arrow is a decision, made here.

const root = join(import.meta.dir, "..");
const source = join(root, "src");

/** Each room with the rooms it may import, and why it needs them. `server` is the files that put a server together. */
const arrows: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  main: { cli: "the waybill command", helper: "the credential helper", sources: "the process as a parameter" },
  cli: {
    helper: "docker asks the helper's name",
    sources: "whose token a command sends",
    client: "commands speak to a server",
    "docker-config": "configure-docker, docker",
    server:
      "waybill serve and setup; the settings' own help; the data folder that gc, verify, backup and restore work on",
    config: "the settings of a server: checked, printed and explained; names that are nearly right",
    operations: "verify, backup and restore",
    registry: "what a collection reports",
    identity: "what a rotation of keys reports",
    storage: "events that wait, and those that were given up",
  },
  helper: {
    sources: "where tokens come from",
    "docker-config": "docker-credential-gcr configures docker itself; which hosts docker asks it for",
  },
  "docker-config": { sources: "failures, locks and careful file replacement" },
  client: { sources: "failures that name what mends them" },
  sources: {},
  system: {},
  telemetry: {
    http: "the path of a request",
    audit: "what is counted of what happens",
    storage: "what is timed, and asked for its size",
  },
  webhooks: {
    operations: "what is done again and again",
    registry: "what is told of",
    sources: "secrets that show nothing",
    storage: "events that wait",
  },
  config: { sources: "secrets that show nothing", storage: "what an address of blobs is" },
  server: {
    config: "what it runs by",
    telemetry: "what is counted, timed and logged",
    webhooks: "who is told of pushes and deletions",
    system: "certificates, inherited sockets, the service manager",
    http: "faces",
    identity: "domains",
    access: "domains",
    registry: "domains",
    audit: "the log that every face writes to",
    storage: "storage",
    operations: "what a server does by itself",
    client: "caches speak to their upstreams",
    sources: "with credentials that a token source makes for them",
  },
  operations: {
    registry: "what is damaged, garbage, or to be imported",
    audit: "its checkpoints, and what is too old",
    identity: "how callers log in is written down",
    storage: "what is kept, and where",
  },
  http: {
    audit: "what was asked and refused",
    identity: "who is asking",
    access: "may they",
    registry: "images",
    storage: "look-ups that need no domain",
    server: "single-use codes",
    config: "which addresses never leave this machine",
  },
  audit: { identity: "keys that sign checkpoints", storage: "what is kept" },
  access: { identity: "principals and their limits", storage: "bindings" },
  identity: { storage: "accounts and keys" },
  registry: { storage: "images" },
  storage: {},
};

/** More than this is about more than one thing. */
const linesMax = 300;

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(isSource);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** Declarations of types are no code. */
function isSource(file: string): boolean {
  return file.endsWith(".ts") && !file.endsWith(".d.ts");
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found]
    .map(([, path]) => normalize(join(dirname(file), path ?? "")))
    .filter((path) => path.endsWith(".ts"));
}

function roomOf(file: string): string {
  if (file === "main.ts") return "main";
  return file.includes("/") ? (file.split("/")[0] ?? "") : "server";
}

describe("the architecture", () => {
  test("has every room on the map", () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(arrows).sort());
  });

  test("has no arrow that is not on the map", () => {
    const drawn = files.flatMap((file) => (imports.get(file) ?? []).map((target) => ({ file, target })));
    const forbidden = drawn.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return from !== to && !(to in (arrows[from] ?? {}));
    });
    expect(forbidden).toEqual([]);
  });

  test("has no file that the program cannot reach", () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const target of imports.get(file) ?? []) visit(target);
    };
    visit("main.ts");
    // What test suites import; the second is its other half, for Node.
    visit("start-registry.ts");
    visit("start-registry-host.ts");
    // The second metadata store is chosen by a setting that is not there yet; its contract suite runs it.
    visit("storage/metadata/postgres.ts");
    expect(files.filter((file) => !reached.has(file))).toEqual([]);
  });

  test("keeps rooms small", () => {
    const long = files.filter((file) => readFileSync(join(source, file), "utf8").split("\n").length > linesMax);
    expect(long).toEqual([]);
  });

  test("names files in kebab-case, and none a hub", () => {
    const hubs = /(?:^|\/)(?:index|utils?|helpers?|common|types|manager)\.ts$/;
    expect(files.filter((file) => hubs.test(file) || !/^[a-z0-9/.-]+$/.test(file))).toEqual([]);
  });

  test("keeps what the helper loads for a cached token free of libraries", () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const target of staticImportsOf(file)) visit(target);
    };
    for (const file of ["main.ts", "helper/run.ts", "helper/get.ts"]) visit(file);
    const libraries = [...reached].flatMap((file) => librariesOf(file).map((library) => `${file} -> ${library}`));
    expect(libraries).toEqual([]);
  });
});

function staticImportsOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  const found = text.matchAll(/^(?:import|export)(?! type)[^;]*?from "(\.[^"]+\.ts)"/gm);
  return [...found].map(([, path]) => normalize(join(dirname(file), path ?? "")));
}

function librariesOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  const found = text.matchAll(/^import(?! type)[^;]*?from "([^."][^"]*)"/gm);
  return [...found]
    .map(([, name]) => name ?? "")
    .filter((name) => !name.startsWith("node:") && !name.startsWith("bun"));
}
