import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { insertSigningKey, listSigningKeys, type SigningKeyRow } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";

/** Each kind of token has keys of its own, so that none can pass for another; so have checkpoints of the audit log. */
export type TokenUse = "access" | "registry" | "id" | "audit";

export interface SigningKey {
  readonly id: string;
  readonly algorithm: "EdDSA" | "RS256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** id_tokens are for others, and RS256 is what everybody verifies. */
const algorithms: Readonly<Record<TokenUse, SigningKey["algorithm"]>> = {
  access: "EdDSA",
  registry: "EdDSA",
  id: "RS256",
  audit: "EdDSA",
};

/** The installation's own keys. */
export class SigningKeys {
  readonly #keys: ReadonlyMap<TokenUse, readonly SigningKey[]>;

  private constructor(keys: ReadonlyMap<TokenUse, readonly SigningKey[]>) {
    this.#keys = keys;
  }

  /** Reads the keys, making those that are missing. */
  static async open(metadata: Metadata, now: () => number): Promise<SigningKeys> {
    const stored = await listSigningKeys(metadata.read);
    for (const use of Object.keys(algorithms) as TokenUse[]) {
      if (stored.some((row) => row.use === use)) continue;
      const row = generate(use, now());
      await metadata.write((write) => insertSigningKey(write, row));
      stored.push(row);
    }
    const keys = new Map<TokenUse, SigningKey[]>();
    for (const row of stored) {
      const use = row.use as TokenUse;
      keys.set(use, [...(keys.get(use) ?? []), parse(row)]);
    }
    return new SigningKeys(keys);
  }

  /** The key that signs now. */
  signing(use: TokenUse): SigningKey {
    const [newest] = this.#keys.get(use) ?? [];
    if (!newest) throw new Error(`there is no signing key for ${use} tokens`);
    return newest;
  }

  /** A key that may verify tokens of this kind. */
  verifying(use: TokenUse, id: string): SigningKey | undefined {
    return this.#keys.get(use)?.find((key) => key.id === id);
  }
}

function generate(use: TokenUse, createdAt: number): SigningKeyRow {
  const algorithm = algorithms[use];
  const { privateKey } =
    algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    id: randomBytes(16).toString("hex"),
    use,
    algorithm,
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    createdAt,
  };
}

function parse({ id, algorithm, privateKey: pem }: SigningKeyRow): SigningKey {
  const privateKey = createPrivateKey(pem);
  return {
    id,
    algorithm: algorithm as SigningKey["algorithm"],
    privateKey,
    publicKey: createPublicKey(privateKey),
  };
}
