const units = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A number of bytes for people: `3.2 GiB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, -1];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === -1 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}
