// ASN.1 in DER (X.690), as much of it as a certificate needs.

/** One element: its tag, its length, what is in it. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...size]), content]);
}

export const sequence = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => element(0x31, ...parts);
export const octets = (content: Uint8Array) => element(0x04, content);
export const utf8 = (text: string) => element(0x0c, Buffer.from(text));
export const yes = element(0x01, Uint8Array.from([0xff]));
/** `[n]`, holding other elements. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]) => element(0xa0 | number, ...parts);
/** `[n]`, in another type's place. */
export const tagPlain = (number: number, content: Uint8Array) => element(0x80 | number, content);

/** A whole number that is not negative. */
export function integer(bytes: Uint8Array): Uint8Array {
  return element(0x02, (bytes[0] ?? 0) >= 0x80 ? Uint8Array.from([0, ...bytes]) : bytes);
}

/** Bits, all of them used but the last few. */
export function bits(content: Uint8Array, unusedBits = 0): Uint8Array {
  return element(0x03, Uint8Array.from([unusedBits]), content);
}

/** An object identifier, as dotted numbers. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return element(0x06, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime, which reaches to 2049. */
export function utcTime(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\..*/g, "");
  return element(0x17, Buffer.from(`${digits.slice(2)}Z`));
}

function base128(value: number): number[] {
  const low = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) low.unshift(0x80 | (rest & 0x7f));
  return low;
}
