import { type Config, ConfigError, readConfig, refuseClearText } from "./config/config.ts";
import { configHelp } from "./config/config-reference.ts";
import { DataFolderError, openDataFolder } from "./data-folder.ts";
import { DatabaseError } from "./database-setting.ts";
import { startServer } from "./server.ts";
import { readProviders } from "./sign-in-providers.ts";
import { databaseName } from "./storage/metadata/database-url.ts";
import { type InheritedSockets, openInheritedSockets } from "./system/inherited-sockets.ts";
import { openServiceNotices } from "./system/service-notices.ts";
import { readTls } from "./tls-setting.ts";
import { readWebhooks } from "./webhooks-setting.ts";

/** `waybill serve`: runs the registry until it is told to stop. Answers the exit code. */
export async function runServe(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(`waybill serve - run the registry\n\nOPTIONS\n${configHelp()}\n`);
    return 0;
  }
  try {
    const { config } = readConfig(argv);
    const inherited = await openInheritedSockets(process.env);
    try {
      if (inherited) refuseClearText({ ...config, listen: inherited.address });
      await serveUntilStopped(inherited ? { ...config, listen: inherited.address } : config, inherited);
    } finally {
      inherited?.close(); // An open port would keep the process.
    }
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) return fail(error, 2);
    if (error instanceof DatabaseError) return fail(error, 1);
    const refusedBySystem = error instanceof DataFolderError || (error as { code?: unknown }).code !== undefined;
    if (refusedBySystem) return fail(error as Error, 1);
    throw error;
  }
}

async function serveUntilStopped(config: Config, inherited: InheritedSockets | undefined): Promise<void> {
  // Whatever is made from here on is for this user only.
  process.umask(0o077);
  const stopped = new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
  readTls(config);
  readWebhooks(config);
  readProviders(config); // What is wrong with it is said before anything is made.
  const folder = openDataFolder(config.data, config.database && databaseName(config.database.reveal()));
  const notices = openServiceNotices(process.env, (error, message) =>
    report(`${message}: ${(error as Error).message}`),
  );
  const server = await startServer(config, folder, inherited);
  process.on("SIGHUP", () => {
    notices.reloading();
    server.reload();
    notices.ready();
  });
  process.stdout.write(`ready: ${server.origin}\n`);
  if (server.isNew) process.stderr.write(nextCommands(server.host, config));
  notices.ready();
  await stopped;
  notices.stopping();
  await server.stop();
  notices.close();
  folder.release();
}

function nextCommands(host: string, config: Config): string {
  const key = config["admin-key"];
  return `
This registry is new. Make yourself its owner, a project, and log Docker in:

  ${key === undefined ? `waybill setup --data=${config.data} --key-file=owner.json` : "# the owner's key is in the file you named"}
  waybill auth activate-service-account --push --key-file=${key ?? "owner.json"}
  waybill projects create my-project
  waybill auth configure-docker
  docker push ${host}/my-project/IMAGE
`;
}

function report(problem: string): void {
  process.stderr.write(`waybill: error: ${problem}\n`);
}

function fail(error: Error, exitCode: number): number {
  report(error.message);
  process.stderr.write("waybill: hint: waybill serve --help\n");
  return exitCode;
}
