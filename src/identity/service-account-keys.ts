import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import {
  findServiceAccountKey,
  insertServiceAccountKey,
  listServiceAccountKeys,
  markKeyDeleted,
  type ServiceAccountKeyRow,
  setKeyDisabled,
} from "../storage/metadata/service-account-keys.ts";
import type { ServiceAccountRow } from "../storage/metadata/service-accounts.ts";
import { AdministrationError } from "./administration-error.ts";
import { constraintsOn } from "./constraints.ts";
import type { KeyFile } from "./key-file.ts";
import { rsaPair } from "./rsa-pairs.ts";

/** Google's limit; it also bounds what a JWT without `kid` can make us try. */
export const keysPerAccountMax = 10;
const uploadCharactersMax = 16 * 1024;

/** The key pairs that service accounts sign with. Only public halves are kept. */
export class ServiceAccountKeys {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /**
   * Makes a key. The file that comes back is the only copy of its private half. Throws `failed_precondition` where a
   * constraint forbids it.
   *
   * @param origin the server's own URL, for the file's `token_uri`
   * @param projectName the account's project
   */
  async generate(account: ServiceAccountRow, projectName: string, origin: string) {
    const pair = await rsaPair();
    const row = await this.#metadata.write(async (write) => {
      const { keyCreationDisabled, keyLifetimeMax } = await constraintsOn(write, account.projectId);
      if (keyCreationDisabled) throw forbidden("Key creation is not allowed", "iam.disableServiceAccountKeyCreation");
      const expiresAt = keyLifetimeMax === undefined ? null : this.#now() + keyLifetimeMax;
      return await this.#insert(write, account, "generated", pair.publicKey, expiresAt);
    });
    return { row, file: toKeyFile(row, pair.privateKey, account, projectName, origin) };
  }

  /** Registers the public half of a key made elsewhere: an X.509 certificate or a public key, PEM. Throws `invalid`. */
  async upload(account: ServiceAccountRow, pem: string): Promise<ServiceAccountKeyRow> {
    const { publicKey, expiresAt } = parseUpload(pem);
    return await this.#metadata.write(async (write) => {
      const { keyUploadDisabled, keyLifetimeMax } = await constraintsOn(write, account.projectId);
      if (keyUploadDisabled) throw forbidden("Key upload is not allowed", "iam.disableServiceAccountKeyUpload");
      const latest = keyLifetimeMax === undefined ? Number.POSITIVE_INFINITY : this.#now() + keyLifetimeMax;
      const end = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, latest);
      return await this.#insert(write, account, "uploaded", publicKey, Number.isFinite(end) ? end : null);
    });
  }

  /** A key of this account and of no other. */
  async find(account: ServiceAccountRow, id: string): Promise<ServiceAccountKeyRow | undefined> {
    const key = await findServiceAccountKey(this.#metadata.read, id);
    return key?.serviceAccountId === account.id ? key : undefined;
  }

  async list(account: ServiceAccountRow): Promise<ServiceAccountKeyRow[]> {
    return await listServiceAccountKeys(this.#metadata.read, account.id);
  }

  async setDisabled(key: ServiceAccountKeyRow, disabled: boolean): Promise<void> {
    await this.#metadata.write(async (write) => {
      await setKeyDisabled(write, key.id, disabled ? (key.disabledAt ?? this.#now()) : null);
      await raisePolicyVersion(write);
    });
  }

  async delete(key: ServiceAccountKeyRow): Promise<void> {
    await this.#metadata.write(async (write) => {
      await markKeyDeleted(write, key.id, this.#now());
      await raisePolicyVersion(write);
    });
  }

  async #insert(
    write: Writer,
    account: ServiceAccountRow,
    origin: ServiceAccountKeyRow["origin"],
    publicKey: KeyObject,
    expiresAt: number | null,
  ): Promise<ServiceAccountKeyRow> {
    if ((await listServiceAccountKeys(write, account.id)).length >= keysPerAccountMax) {
      throw new AdministrationError(
        "failed_precondition",
        `${account.email} has ${keysPerAccountMax} keys already: delete one first.`,
      );
    }
    const row: ServiceAccountKeyRow = {
      id: randomBytes(20).toString("hex"),
      serviceAccountId: account.id,
      origin,
      publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
      createdAt: this.#now(),
      expiresAt,
      disabledAt: null,
      exposedAt: null,
    };
    await insertServiceAccountKey(write, row);
    return row;
  }
}

/** In the words that Google's clients know. */
function forbidden(what: string, constraint: string): AdministrationError {
  const advice = "use workload identity or the metadata server instead of a key";
  return new AdministrationError("failed_precondition", `${what} on this service account (${constraint}): ${advice}.`);
}

function toKeyFile(
  row: ServiceAccountKeyRow,
  privateKey: KeyObject,
  account: ServiceAccountRow,
  projectName: string,
  origin: string,
): KeyFile {
  return {
    type: "service_account",
    project_id: projectName,
    private_key_id: row.id,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client_email: account.email,
    client_id: account.id,
    auth_uri: `${origin}/o/oauth2/auth`,
    token_uri: `${origin}/token`,
    universe_domain: "googleapis.com",
  };
}

function parseUpload(pem: string): { publicKey: KeyObject; expiresAt: number | null } {
  const text = pem.trim();
  try {
    if (text.length > uploadCharactersMax) throw new Error("too large");
    const certificate = text.startsWith("-----BEGIN CERTIFICATE-----") ? new X509Certificate(text) : undefined;
    if (!certificate && !text.startsWith("-----BEGIN PUBLIC KEY-----")) throw new Error("neither of the two forms");
    const publicKey = certificate?.publicKey ?? createPublicKey(text);
    const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
    if (publicKey.asymmetricKeyType !== "rsa" || bits < 2048 || bits > 4096) throw new Error("not RSA of that size");
    return { publicKey, expiresAt: certificate ? Date.parse(certificate.validTo) : null };
  } catch {
    throw new AdministrationError(
      "invalid",
      "The key must be an X.509 certificate or a public key in PEM, RSA of 2048 to 4096 bits.",
    );
  }
}
