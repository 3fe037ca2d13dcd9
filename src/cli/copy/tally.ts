/** What became of the parts of one image. */
export type Tally = {
  manifests: number;
  blobs: { copied: number; mounted: number; there: number };
  /** Of the blobs copied. */
  bytes: number;
};

/** Who is told how a copy gets on. */
export type Listener = {
  /** So many bytes are going to be sent. */
  expect(bytes: number): void;
  /** So many more were. */
  moved(bytes: number): void;
};

export function newTally(): Tally {
  return { manifests: 0, blobs: { copied: 0, mounted: 0, there: 0 }, bytes: 0 };
}

/** For people: `12.3 MB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

export function tallyText({ manifests, blobs: { copied, mounted, there }, bytes }: Tally): string {
  return `${manifests} manifests, ${copied} blobs copied (${sizeText(bytes)}), ${mounted} mounted, ${there} there already`;
}
