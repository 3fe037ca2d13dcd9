const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.5 MiB`, `12 bytes` */
export function byteText(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  const count = bytes / 1024 ** power;
  return `${count.toFixed(count < 100 ? 1 : 0)} ${units[power - 1]}`;
}
