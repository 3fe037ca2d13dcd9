import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import {
  insertSigningKey,
  listSigningKeys,
  retireSigningKey,
  type SigningKeyRow,
  startSigningKey,
  supersedeSigningKey,
} from "../storage/metadata/signing-keys.ts";
import { rsaPair } from "./rsa-pairs.ts";

/** Each kind of token has keys of its own, so that none can pass for another; so have checkpoints of the audit log. */
export type TokenUse = "access" | "registry" | "id" | "audit";

export interface SigningKey {
  readonly id: string;
  readonly algorithm: "EdDSA" | "RS256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What a rotation did with one kind of key. */
export interface Rotation {
  readonly use: TokenUse;
  /** The id of the key that signs now. */
  readonly key: string;
  /** How many seconds others still need to learn of the next key; zero where it signs now. */
  readonly waitSeconds: number;
}

/** id_tokens are for others, and RS256 is what everybody verifies. */
const algorithms: Readonly<Record<TokenUse, SigningKey["algorithm"]>> = {
  access: "EdDSA",
  registry: "EdDSA",
  id: "RS256",
  audit: "EdDSA",
};
const uses = Object.keys(algorithms) as TokenUse[];

/** How long others may keep our key set. A key is in it for so long before it signs. */
export const keySetSeconds = 3600;
/** The longest life of a token is twelve hours; then nothing that a superseded key signed can count. */
const verifiesMilliseconds = 13 * 3600 * 1000;

const generatePair = promisify(generateKeyPair) as unknown as (
  type: "ed25519",
  options: object,
) => Promise<{ privateKey: KeyObject }>;

type State = { readonly row: SigningKeyRow; readonly key: SigningKey };

/**
 * The installation's own keys. Of each kind one signs, the next one waits and is published already, and the one before
 * verifies until the last token that it signed has ended.
 */
export class SigningKeys {
  readonly #metadata: Metadata;
  readonly #now: () => number;
  #states: ReadonlyMap<string, State> = new Map();
  #signing: ReadonlyMap<TokenUse, SigningKey> = new Map();
  #refreshing: Promise<void> | undefined;

  private constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Reads the keys, making those that are missing. */
  static async open(metadata: Metadata, now: () => number): Promise<SigningKeys> {
    const signs = (rows: readonly SigningKeyRow[], use: TokenUse) =>
      rows.some((row) => row.use === use && row.signsFrom !== null);
    const stored = await listSigningKeys(metadata.read);
    const missing = uses.filter((use) => !signs(stored, use));
    const made = await Promise.all(missing.map(async (use) => ({ ...(await generate(use, now())), signsFrom: now() })));
    if (made.length > 0) {
      await metadata.write(async (write) => {
        // First, so that of two nodes that start at once one waits for the other, and finds its keys.
        await raisePolicyVersion(write);
        const there = await listSigningKeys(write);
        for (const row of made) if (!signs(there, row.use as TokenUse)) await insertSigningKey(write, row);
      });
    }
    const keys = new SigningKeys(metadata, now);
    await keys.#load();
    return keys;
  }

  /** The key that signs now. */
  signing(use: TokenUse): SigningKey {
    const key = this.#signing.get(use);
    if (!key) throw new Error(`there is no signing key for ${use} tokens`);
    return key;
  }

  /** A key that may verify tokens of this kind. */
  verifying(use: TokenUse, id: string): SigningKey | undefined {
    const state = this.#states.get(id);
    return state?.row.use === use && this.#verifies(state.row) ? state.key : undefined;
  }

  /** Every key that verifies, or will: what others are to know. The one that signs comes first. */
  published(use: TokenUse): SigningKey[] {
    const states = [...this.#states.values()].filter(({ row }) => row.use === use && this.#verifies(row));
    return states.sort((one, other) => rank(one.row) - rank(other.row)).map(({ key }) => key);
  }

  /** Reads again what another node may have changed. */
  async refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /**
   * The next key of each kind signs from now on. Tokens that were signed before go on being believed, except with
   * `revokeOld`: then whoever has one must get another. The next key for id_tokens waits until everybody can know it.
   */
  async rotate({ revokeOld = false } = {}): Promise<Rotation[]> {
    const fresh = await generateAll(this.#now());
    const rotations = await this.#metadata.write(async (write) => {
      // First, so that of two nodes that rotate at once one waits for the other.
      await raisePolicyVersion(write);
      const rows = await listSigningKeys(write);
      const done: Rotation[] = [];
      for (const use of uses) done.push(await this.#rotateOne(write, use, rows, fresh, revokeOld));
      return done;
    });
    await this.#load();
    return rotations;
  }

  /** What is due: keys that waited long enough sign, keys that can verify nothing any more go, and there is a next one. */
  async maintain(rotateAfterMilliseconds: number): Promise<void> {
    await this.refresh();
    const rows = await listSigningKeys(this.#metadata.read);
    const current = rows.filter((row) => row.signsFrom !== null && row.supersededAt === null);
    const oldest = Math.min(...current.map(({ signsFrom }) => signsFrom ?? 0));
    if (oldest + rotateAfterMilliseconds <= this.#now()) await this.rotate();
    const missing = uses.filter((use) => !rows.some((row) => row.use === use && row.signsFrom === null));
    const over = rows.filter((row) => row.use !== "audit" && !this.#verifies(row));
    if (missing.length === 0 && over.length === 0) return;
    const made = await Promise.all(missing.map((use) => generate(use, this.#now())));
    await this.#metadata.write(async (write) => {
      await raisePolicyVersion(write);
      const now = await listSigningKeys(write);
      for (const row of made) {
        if (!now.some(({ use, signsFrom }) => use === row.use && signsFrom === null))
          await insertSigningKey(write, row);
      }
      for (const { id } of over) await retireSigningKey(write, id, this.#now());
    });
    await this.#load();
  }

  async #rotateOne(
    write: Writer,
    use: TokenUse,
    all: readonly SigningKeyRow[],
    fresh: readonly SigningKeyRow[],
    revokeOld: boolean,
  ): Promise<Rotation> {
    const now = this.#now();
    const rows = all.filter((row) => row.use === use);
    const old = rows.filter((row) => row.signsFrom !== null);
    const [current] = old.filter((row) => row.supersededAt === null);
    const made = fresh.filter((row) => row.use === use);
    const next = rows.find((row) => row.signsFrom === null) ?? made.pop();
    if (!next) throw new Error("no key was made");
    const waitSeconds = use === "id" ? Math.ceil((next.createdAt + keySetSeconds * 1000 - now) / 1000) : 0;
    if (waitSeconds > 0 && !revokeOld && current && rows.includes(next)) return { use, key: current.id, waitSeconds };
    if (!rows.includes(next)) await insertSigningKey(write, next);
    await startSigningKey(write, next.id, now);
    if (current) await supersedeSigningKey(write, current.id, now);
    // What was signed for the audit log stays true.
    if (revokeOld && use !== "audit") for (const { id } of old) await retireSigningKey(write, id, now);
    const after = made.pop();
    if (after) await insertSigningKey(write, after);
    return { use, key: next.id, waitSeconds: 0 };
  }

  async #load(): Promise<void> {
    const states = new Map<string, State>();
    const signing = new Map<TokenUse, SigningKey>();
    for (const row of await listSigningKeys(this.#metadata.read)) {
      const known = this.#states.get(row.id)?.key;
      const key = known ?? parse(row);
      states.set(row.id, { row, key });
      if (row.signsFrom !== null && row.supersededAt === null) signing.set(row.use as TokenUse, key);
    }
    this.#states = states;
    this.#signing = signing;
  }

  #verifies({ supersededAt }: SigningKeyRow): boolean {
    return supersededAt === null || supersededAt + verifiesMilliseconds > this.#now();
  }
}

/** The one that signs, those that did, the next one. */
function rank({ signsFrom, supersededAt }: SigningKeyRow): number {
  return signsFrom === null ? 2 : supersededAt === null ? 0 : 1;
}

/** Two of each kind: one to sign where none was waiting, one to wait. */
async function generateAll(now: number): Promise<SigningKeyRow[]> {
  return await Promise.all([...uses, ...uses].map((use) => generate(use, now)));
}

async function generate(use: TokenUse, createdAt: number): Promise<SigningKeyRow> {
  const algorithm = algorithms[use];
  const { privateKey } = algorithm === "EdDSA" ? await generatePair("ed25519", {}) : await rsaPair();
  return {
    id: randomBytes(16).toString("hex"),
    use,
    algorithm,
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    createdAt,
    signsFrom: null,
    supersededAt: null,
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
