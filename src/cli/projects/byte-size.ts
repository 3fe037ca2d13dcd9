import { UsageError } from "../command.ts";

const factors: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `10GiB`, `1.5TB` or a number of bytes. Throws UsageError. */
export function parseByteSize(text: string): number {
  const [, number, unit = ""] = /^([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (factors[unit] ?? Number.NaN));
  if (bytes < 1e15) return bytes;
  throw new UsageError(`${JSON.stringify(text)} is not a size`, "like --bytes=10GiB");
}

/** For people: `3.2 GiB`. */
export function formatByteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const unit = ["KiB", "MiB", "GiB"].find((each) => bytes < 1024 * (factors[each] ?? 0)) ?? "TiB";
  return `${(bytes / (factors[unit] ?? 1)).toFixed(1)} ${unit}`;
}
