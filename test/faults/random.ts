/** Numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  bytes(length: number): Buffer<ArrayBuffer>;
}

export function seeded(seed: number): Random {
  let state = (seed % 2147483646) + 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state;
  };
  return {
    below: (count) => next() % count,
    bytes(length) {
      const buffer = Buffer.allocUnsafe(length);
      for (let at = 0; at < length; at += 4) {
        const word = next();
        for (let byte = 0; byte < 4 && at + byte < length; byte++) buffer[at + byte] = (word >> (8 * byte)) & 0xff;
      }
      return buffer;
    },
  };
}
