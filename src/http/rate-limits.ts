/** Requests per second that each address or principal may make, on average. */
export interface RateSettings {
  /** Without credentials, or with bad ones, by address. */
  readonly anonymousPerSecond: number;
  /** With good ones, by principal. */
  readonly principalPerSecond: number;
}

/** How many seconds' worth may come at once. */
const burstSeconds = 20;

/** The limits of one server. A pull is about ten requests. */
export class RateLimits {
  readonly #anonymous: TokenBuckets;
  readonly #principals: TokenBuckets;

  constructor({ anonymousPerSecond, principalPerSecond }: RateSettings, now: () => number) {
    this.#anonymous = new TokenBuckets(anonymousPerSecond, now);
    this.#principals = new TokenBuckets(principalPerSecond, now);
  }

  /** Counts a request without good credentials. Answers the seconds to wait; 0 where it may go on. */
  countAnonymous(address: string): number {
    return this.#anonymous.take(networkOf(address));
  }

  countPrincipal(principal: string): number {
    return this.#principals.take(principal);
  }
}

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filledAt: number;
}

/** Buckets that are kept; when there are more, the full ones go, and then all. */
const bucketsMax = 50_000;

class TokenBuckets {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * burstSeconds;
    this.#now = now;
  }

  take(key: string): number {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? this.#add(key, now);
    const refill = ((now - bucket.filledAt) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + refill);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.#perSecond);
    bucket.tokens--;
    return 0;
  }

  #add(key: string, now: number): Bucket {
    if (this.#buckets.size >= bucketsMax) this.#forgetFull(now);
    const bucket = { tokens: this.#capacity, filledAt: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** A full bucket is like one that never was. */
  #forgetFull(now: number): void {
    for (const [key, { tokens, filledAt }] of this.#buckets) {
      if (tokens + ((now - filledAt) / 1000) * this.#perSecond >= this.#capacity) this.#buckets.delete(key);
    }
    if (this.#buckets.size >= bucketsMax) this.#buckets.clear();
  }
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  if (address.startsWith("::ffff:")) return address.slice("::ffff:".length);
  const [head = "", tail = ""] = address.split("::");
  const groups = head.split(":");
  const zeros = Math.max(0, 8 - groups.length - (tail === "" ? 0 : tail.split(":").length));
  const whole = address.includes("::") ? [...groups, ...Array(zeros).fill("0"), ...tail.split(":")] : groups;
  return whole.slice(0, 4).join(":");
}
