import { z } from "zod";
import { newObjectKey } from "./blob-store.ts";
import type { S3Bucket, S3Multipart, S3Part } from "./s3-bucket.ts";

/** An unfinished object: what was sent in parts, and the rest, which is too little for one. */
export interface Unfinished {
  readonly multipart: S3Multipart | undefined;
  readonly parts: readonly S3Part[];
  readonly rest: Uint8Array<ArrayBuffer>;
  /** Whether all of it came through this process. */
  readonly isOurs: boolean;
  /** Whether the store has it, so that any node can go on. */
  readonly isSaved: boolean;
  /** The object that was made of it; its row may not be there yet. */
  readonly committedAs: string | undefined;
}

const schema = z.object({
  multipart: z.object({ key: z.string(), id: z.string() }).optional(),
  parts: z.array(z.tuple([z.string(), z.number().int().positive()])).max(10_000),
});

export const nothing: Unfinished = {
  multipart: undefined,
  parts: [],
  rest: new Uint8Array(0),
  isOurs: true,
  isSaved: false,
  committedAs: undefined,
};

/** Bytes. */
export function sizeOf({ parts, rest }: Unfinished): number {
  return parts.reduce((sum, { size }) => sum + size, rest.byteLength);
}

/** As much of it as there can be gone on from, and at most `size` bytes: parts that were sent cannot be read or cut. */
export function cutTo(unfinished: Unfinished, size: number): Unfinished {
  let inParts = 0;
  const parts: S3Part[] = [];
  for (const part of unfinished.parts) {
    if (inParts + part.size > size) break;
    inParts += part.size;
    parts.push(part);
  }
  const isRestKept = parts.length === unfinished.parts.length;
  return { ...unfinished, parts, rest: isRestKept ? unfinished.rest.subarray(0, size - inParts) : nothing.rest };
}

/** Where it is kept: one line that says which parts there are, and after it the rest. */
const keyOf = (key: string) => `uploads/${key}`;

export async function saveUnfinished(bucket: S3Bucket, key: string, { multipart, parts, rest }: Unfinished) {
  const line = JSON.stringify({ multipart, parts: parts.map(({ etag, size }) => [etag, size]) });
  await bucket.put(keyOf(key), new Uint8Array(Buffer.concat([Buffer.from(`${line}\n`), rest])));
}

export async function loadUnfinished(bucket: S3Bucket, key: string): Promise<Unfinished | undefined> {
  const bytes = await bucket.getWhole(keyOf(key));
  if (!bytes) return undefined;
  const end = bytes.indexOf(0x0a);
  const line = new TextDecoder().decode(bytes.subarray(0, end));
  const { multipart, parts } = schema.parse(JSON.parse(line));
  return {
    multipart,
    parts: parts.map(([etag, size]) => ({ etag, size })),
    rest: bytes.subarray(end + 1),
    isOurs: false,
    isSaved: true,
    committedAs: undefined,
  };
}

export async function forgetUnfinished(bucket: S3Bucket, key: string): Promise<void> {
  await bucket.delete(keyOf(key));
}

/** The keys of all that are kept, some at a time. */
export async function* listUnfinished(bucket: S3Bucket): AsyncGenerator<readonly string[]> {
  for await (const page of bucket.list(keyOf(""))) yield page.map(({ key }) => key.slice(keyOf("").length));
}

/** Where an object lies. */
export const objectName = (key: string) => `objects/${key}`;

/** A key for what is about to become an object: its own, so that nobody who still writes can change it later. */
export const freshObjectName = () => objectName(newObjectKey());

export function keyOfObject(name: string): string {
  return name.slice(objectName("").length);
}
