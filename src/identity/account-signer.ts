import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { promisify } from "node:util";
import { insertAccountSigningKey, listAccountSigningKeys } from "../storage/metadata/account-signing-keys.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";

const generateRsaKey = promisify(generateKeyPair) as unknown as (
  type: "rsa",
  options: { modulusLength: number },
) => Promise<{ privateKey: KeyObject }>;

const dayMilliseconds = 24 * 3600 * 1000;
/** How long a key signs. */
const signsMilliseconds = 30 * dayMilliseconds;
/** It is published for longer: the longest JWT lives twelve hours. */
const publishedMilliseconds = signsMilliseconds + dayMilliseconds;

/**
 * Signs in an account's name for others to verify, with keys that only this server has. What it signs is no credential
 * here: an assertion that buys tokens is signed with the account's own keys, which are listed and can be disabled.
 */
export class AccountSigner {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** RSASSA-PKCS1-v1_5 with SHA-256, made once the key is known. @param bytes what is signed, given the key's id */
  async sign(accountId: string, bytes: (keyId: string) => Uint8Array): Promise<{ keyId: string; signature: Buffer }> {
    const { id, privateKey } = await this.#keyOf(accountId);
    const key = { key: createPrivateKey(privateKey), padding: constants.RSA_PKCS1_PADDING };
    return { keyId: id, signature: sign("sha256", bytes(id), key) };
  }

  /** The public halves of the keys that an account's signatures may be of. */
  async published(accountId: string): Promise<{ id: string; publicKey: KeyObject }[]> {
    const rows = await listAccountSigningKeys(this.#metadata.read, accountId, this.#now() - publishedMilliseconds);
    return rows.map(({ id, privateKey }) => ({ id, publicKey: createPublicKey(createPrivateKey(privateKey)) }));
  }

  async #keyOf(accountId: string) {
    const now = this.#now();
    const [current] = await listAccountSigningKeys(this.#metadata.read, accountId, now - signsMilliseconds);
    if (current) return current;
    const { privateKey } = await generateRsaKey("rsa", { modulusLength: 2048 });
    const row = {
      id: randomBytes(20).toString("hex"),
      serviceAccountId: accountId,
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      createdAt: now,
    };
    await this.#metadata.write((write) => insertAccountSigningKey(write, row, now - publishedMilliseconds));
    return row;
  }
}
