/** Databases take a bounded number of parameters. */
const pageSize = 200;

/** Those of `digests` that a look-up, asked page by page, does not find. */
export async function missingDigests(
  digests: readonly string[],
  find: (page: readonly string[]) => Promise<readonly { readonly digest: string }[]>,
): Promise<string[]> {
  const missing = new Set(digests);
  for (let start = 0; start < digests.length; start += pageSize) {
    for (const { digest } of await find(digests.slice(start, start + pageSize))) missing.delete(digest);
  }
  return [...missing];
}
