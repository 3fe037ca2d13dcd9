import { readFileSync, statSync } from "node:fs";
import { apiPath } from "../../client/administration.ts";
import { NewKeyFile } from "../../client/key-file.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
  type Table,
} from "../administration.ts";
import { UsageError } from "../command.ts";

type Key = {
  name: string;
  validAfterTime?: string;
  validBeforeTime?: string;
  keyOrigin?: string;
  disabled?: boolean;
  exposedTime?: string;
  privateKeyData?: string;
};
type KeyInvocation<Text extends string = never> = AdministrationInvocation<"iam-account" | Text>;

const pemBytesMax = 16 * 1024;

/** `waybill iam service-accounts keys create` */
export async function create(invocation: KeyInvocation<"universe-domain">): Promise<number> {
  const { values, positionals, context } = invocation;
  const [path = ""] = positionals;
  const universe = parseUniverse(values["universe-domain"]);
  const [email, keys] = [accountOf(invocation), `${accountPath(invocation)}/keys`];
  const administration = openAdministration(invocation);
  // Before the key: one that could not be kept would be of use to nobody.
  using file = new NewKeyFile(path);
  const key = await administration.call<Key>("POST", keys, { privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE" });
  try {
    file.write(inUniverse(Buffer.from(key.privateKeyData ?? "", "base64"), universe));
  } catch (error) {
    await administration.call("DELETE", `${keys}/${idOf(key)}`);
    throw new Failure(`${path} cannot be written: ${messageOf(error)}`, "the new key was deleted again");
  }
  context.stderr(`created key [${idOf(key)}] of type [json] as [${path}] for [${email}]\n`);
  // The private half goes to the file and nowhere else.
  const { privateKeyData: _, ...shown } = key;
  showIfAsked(invocation, shown, table([shown]));
  return 0;
}

/** `waybill iam service-accounts keys list` */
export async function list(invocation: KeyInvocation): Promise<number> {
  const keys = await openAdministration(invocation).list<Key>(`${accountPath(invocation)}/keys`, "keys");
  show(invocation, keys, table(keys));
  return 0;
}

/** `waybill iam service-accounts keys upload` */
export async function upload(invocation: KeyInvocation): Promise<number> {
  const publicKeyData = readPem(invocation.positionals[0] ?? "").toString("base64");
  const path = `${accountPath(invocation)}/keys:upload`;
  const key = await openAdministration(invocation).call<Key>("POST", path, { publicKeyData });
  invocation.context.stderr(`uploaded key [${idOf(key)}] for [${accountOf(invocation)}]\n`);
  showIfAsked(invocation, key, table([key]));
  return 0;
}

/** `waybill iam service-accounts keys disable` */
export async function disable(invocation: KeyInvocation): Promise<number> {
  return await act(invocation, "disable", "Disabled");
}

/** `waybill iam service-accounts keys enable` */
export async function enable(invocation: KeyInvocation): Promise<number> {
  return await act(invocation, "enable", "Enabled");
}

/** `waybill iam service-accounts keys delete` */
export async function remove(invocation: KeyInvocation): Promise<number> {
  const { positionals, context } = invocation;
  const [path, administration] = [keyPath(invocation), openAdministration(invocation)];
  const question = `Key [${positionals[0]}] of [${accountOf(invocation)}] will be deleted. Continue?`;
  await confirmLoss(invocation, question);
  await administration.call("DELETE", path);
  context.stderr(`deleted key [${positionals[0]}] for service account [${accountOf(invocation)}]\n`);
  return 0;
}

function parseUniverse(domain: string | undefined): string | undefined {
  if (domain === undefined || /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(domain)) return domain;
  throw new UsageError(
    `--universe-domain cannot be ${JSON.stringify(domain)}`,
    "like --universe-domain=registry.example",
  );
}

/** The key file, saying to which family of clouds it belongs; the server writes Google's, which every library takes. */
function inUniverse(file: Buffer, domain: string | undefined): Buffer {
  if (domain === undefined) return file;
  return Buffer.from(`${JSON.stringify({ ...JSON.parse(file.toString()), universe_domain: domain }, undefined, 2)}\n`);
}

async function act(invocation: KeyInvocation, verb: string, done: string): Promise<number> {
  await openAdministration(invocation).call("POST", `${keyPath(invocation)}:${verb}`, {});
  invocation.context.stderr(
    `${done} key [${invocation.positionals[0]}] for service account [${accountOf(invocation)}].\n`,
  );
  return 0;
}

function accountOf({ values }: KeyInvocation): string {
  return required(values, "iam-account", "robot@my-project.iam.waybill.internal");
}

function accountPath(invocation: KeyInvocation): string {
  return apiPath`/v1/projects/-/serviceAccounts/${accountOf(invocation)}`;
}

function keyPath(invocation: KeyInvocation): string {
  return accountPath(invocation) + apiPath`/keys/${invocation.positionals[0] ?? ""}`;
}

function idOf({ name }: Key): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function table(keys: readonly Key[]): Table {
  const rows = keys.map((key) => [
    idOf(key),
    key.validAfterTime,
    key.validBeforeTime,
    key.keyOrigin === "USER_PROVIDED" ? "uploaded" : "generated",
    key.disabled ? "True" : "",
    key.exposedTime,
  ]);
  return { headings: ["KEY_ID", "CREATED_AT", "EXPIRES_AT", "ORIGIN", "DISABLED", "EXPOSED_AT"], rows };
}

function readPem(path: string): Buffer {
  let pem: Buffer;
  try {
    if (statSync(path).size > pemBytesMax) throw new Error(`it has more than ${pemBytesMax} bytes`);
    pem = readFileSync(path);
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`);
  }
  // The server would refuse it too, but by then it has travelled.
  if (pem.includes("PRIVATE KEY-----")) {
    throw new Failure(
      `${path} holds a private key, which stays with you`,
      `its public half: openssl pkey -in ${path} -pubout`,
    );
  }
  return pem;
}
