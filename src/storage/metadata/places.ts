/** The places of a list in a statement: `?, ?, ?`. */
export function places(count: number): string {
  return Array(count).fill("?").join(", ");
}

/** Splits a list into rows of these widths; the last is filled up by repeating its first item. */
export function inRows<T extends string>(items: readonly T[], widths: readonly number[]): T[][] {
  const rows: T[][] = [];
  const widest = widths.at(-1) ?? 1;
  for (let start = 0; start < items.length; start += widest) {
    const row = items.slice(start, start + widest);
    const width = widths.find((each) => each >= row.length) ?? widest;
    while (row.length < width) row.push(row[0] as T);
    rows.push(row);
  }
  return rows;
}
