import { constants, createHmac, createPublicKey, randomBytes, verify } from "node:crypto";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { findServiceAccountKey, markKeyExposed } from "../storage/metadata/service-account-keys.ts";
import { IdentityError } from "./identity-error.ts";
import { parseKeyFile, parsePrivateKey, signChallenge } from "./key-file.ts";

/** How long a proof stands for the same bytes; the key's state is asked anew every time. */
const proofMillisecondsMax = 60_000;
const proofsMax = 1000;

/**
 * Checks a key file that came as a password, by proof of possession: the presented private key signs a fresh
 * challenge and the *registered* public key verifies it. Deriving a public key from the presented one would prove
 * nothing, since its modulus and exponent are public and stand in it in clear.
 */
export class KeyProof {
  readonly #metadata: Metadata;
  readonly #now: () => number;
  /** Remembered proofs are found by an HMAC, so that memory holds neither keys nor a hash that could be looked up. */
  readonly #memoryKey = randomBytes(32);
  readonly #proofs = new Map<string, { readonly keyId: string; readonly until: number }>();

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** The id of the registered key that the file's private half belongs to. Throws IdentityError. */
  async check(text: string): Promise<string> {
    const fingerprint = createHmac("sha256", this.#memoryKey).update(text).digest("base64");
    const remembered = this.#proofs.get(fingerprint);
    if (remembered && remembered.until > this.#now()) return remembered.keyId;
    const file = parseKeyFile(text);
    const registered = await findServiceAccountKey(this.#metadata.read, file.private_key_id);
    const challenge = randomBytes(32);
    const signature = signChallenge(parsePrivateKey(file.private_key), challenge);
    if (!registered || !verifies(registered.publicKey, challenge, signature)) {
      throw new IdentityError("unknown_key", `the key ${file.private_key_id} is not one of this server's`);
    }
    const now = this.#now();
    await this.#metadata.write((write) => markKeyExposed(write, registered.id, now));
    this.#remember(fingerprint, registered.id);
    return registered.id;
  }

  #remember(fingerprint: string, keyId: string): void {
    this.#proofs.delete(fingerprint);
    const oldest = this.#proofs.keys().next();
    if (this.#proofs.size >= proofsMax && !oldest.done) this.#proofs.delete(oldest.value);
    this.#proofs.set(fingerprint, { keyId, until: this.#now() + proofMillisecondsMax });
  }
}

function verifies(publicKey: string, challenge: Uint8Array, signature: Uint8Array): boolean {
  return verify(
    "sha256",
    challenge,
    { key: createPublicKey(publicKey), padding: constants.RSA_PKCS1_PADDING },
    signature,
  );
}
