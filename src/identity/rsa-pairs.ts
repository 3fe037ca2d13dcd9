import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** An RSA key pair of 2048 bits. */
export interface RsaPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair) as unknown as (
  type: "rsa",
  options: { modulusLength: number },
) => Promise<RsaPair>;

/** Pairs that nobody has taken yet. Each is given away once. */
const ahead: Promise<RsaPair>[] = [];

/** A pair that nobody else has. Finding its primes takes 30 to 300 ms on another thread, unless one was made ahead. */
export async function rsaPair(): Promise<RsaPair> {
  return await (ahead.shift() ?? generate("rsa", { modulusLength: 2048 }));
}

/** Begins to make pairs on other threads until so many lie ready, for a program that knows that it will need them. */
export function prepareRsaPairs(count: number): void {
  while (ahead.length < count) {
    const pair = generate("rsa", { modulusLength: 2048 });
    // A failure is told to whoever takes the pair, and to nobody if nobody does.
    pair.catch(() => {});
    ahead.push(pair);
  }
}
