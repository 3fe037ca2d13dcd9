import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Control, connectControl } from "./control-socket.ts";
import { controlSocketOf } from "./data-folder.ts";

/** `waybill setup`: makes the first owner of the server that runs on a data folder. Answers the exit code. */
export async function runSetup(argv: readonly string[]): Promise<number> {
  let options: { data: string; "key-file"?: string | undefined };
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { data: { type: "string", default: "./waybill-data" }, "key-file": { type: "string" } },
    });
    options = values;
  } catch (error) {
    return fail(2, (error as Error).message, "waybill setup --help");
  }
  const { data, "key-file": keyFile } = options;
  const socket = controlSocketOf(data);
  if (!existsSync(socket)) return fail(1, `no server runs on ${data}`, `waybill serve --data=${data}`);
  try {
    const control = connectControl(socket);
    return keyFile === undefined ? await printLink(control) : await writeKey(control, keyFile);
  } catch (error) {
    return fail(1, `the server on ${data} did not answer: ${(error as Error).message}`, `waybill serve --data=${data}`);
  }
}

async function printLink(control: Control): Promise<number> {
  process.stdout.write(`${await control.setupLink()}\n`);
  process.stderr.write("Open this link within 15 minutes; it works once.\n");
  return 0;
}

async function writeKey(control: Control, file: string): Promise<number> {
  if (existsSync(file)) return fail(1, `${file} exists already`, "name another --key-file");
  const key = await control.ownerKey();
  await writeFile(file, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  process.stderr.write(
    `Wrote the owner's key to ${file}; next: waybill auth activate-service-account --push --key-file=${file}\n`,
  );
  return 0;
}

function fail(exitCode: number, message: string, hint: string): number {
  process.stderr.write(`waybill: error: ${message}\nwaybill: hint: ${hint}\n`);
  return exitCode;
}
