import { algorithmOf, type Digest } from "../../registry/digest.ts";
import { examineObject } from "../../registry/examine.ts";
import { readTargetState, writeState } from "../../storage/metadata/moving/move-state.ts";
import { type Move, MoveError } from "./move.ts";

export interface ObjectToCopy {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined for an object that no blob has. */
  readonly digest?: string | null;
}

const objectsPerPage = 50;
/** A store far away answers slowly, but many at once. */
const copiesAtOnce = 8;

/** Copies every object, comparing it with its digest on the way; after a kill it goes on behind the last page. */
export async function copyObjects(move: Move): Promise<void> {
  const { source, onProgress } = move;
  const total = await bytesOf(move);
  await eachPage(move, "objectsAfter", "objectsDone", async (page, done) => {
    let bytes = done;
    await inParallel(page, async (object) => {
      await copyObject(move, object);
      bytes += object.size;
      onProgress("copying blobs", Math.min(bytes, total), total);
    });
  });
  void source;
}

/**
 * Reads every object again where it has come to, and compares it with its digest. Throws MoveError for one that is not as
 * it should be.
 *
 * @param catchUp brings over what has changed meanwhile: only then is an object that is not there one that was lost
 */
export async function checkObjects(move: Move, catchUp: () => Promise<void>): Promise<void> {
  const { onProgress } = move;
  const total = await bytesOf(move);
  await eachPage(move, "checkedAfter", "checkDone", async (page, done) => {
    let bytes = done;
    const suspects: ObjectToCopy[] = [];
    await inParallel(page, async (object) => {
      if (await examine(move, object)) suspects.push(object);
      bytes += object.size;
      onProgress("checking blobs", Math.min(bytes, total), total);
    });
    if (suspects.length === 0) return;
    await catchUp();
    for (const object of suspects) await requireGood(move, object);
  });
}

/** Throws MoveError where the target's object is not what its digest says, unless the source refuses it, too. */
export async function requireGood(move: Move, object: ObjectToCopy): Promise<void> {
  const found = await examine(move, object);
  if (!found) return;
  const [blob] = await move.source.tables.run("select quarantined_at from blobs where object_key = ?", [object.key]);
  if (!blob || blob.quarantined_at !== null) return;
  throw new MoveError(
    `${object.digest} did not arrive: ${found}`,
    "look at the disk or the bucket there, and move to an empty place",
  );
}

/** What is wrong with an object in the target; undefined for nothing. One that stays where it is is not read again. */
async function examine({ target, sameStore }: Move, { key, size, digest }: ObjectToCopy): Promise<string | undefined> {
  if (sameStore || typeof digest !== "string") {
    return (await target.store.stat(key)) === size ? undefined : "its object is not there";
  }
  return await examineObject(target.store, { digest, objectKey: key, size });
}

/**
 * Copies one object. One that is gone in the meantime is left out; one whose bytes are not what its digest says is
 * refused from then on, in the source and in what is made of it, until somebody pushes it again.
 */
export async function copyObject(move: Move, { key, size, digest }: ObjectToCopy): Promise<void> {
  const { source, target, now } = move;
  let damage: string | undefined;
  try {
    damage = await copyBytes(move, { key, size, digest: digest ?? null });
  } catch (error) {
    const here = await source.store.stat(key).catch(() => undefined);
    if (here === size) throw error;
    damage = here === undefined ? "its object is missing" : `its object has ${here} bytes instead of ${size}`;
  }
  if (damage === undefined) return;
  await target.store.delete(key);
  await source.tables.change((run) =>
    run("update blobs set quarantined_at = ? where object_key = ? and quarantined_at is null", [now(), key]),
  );
}

async function copyBytes({ source, target }: Move, { key, size, digest }: ObjectToCopy): Promise<string | undefined> {
  const algorithm = typeof digest !== "string" ? "sha256" : algorithmOf(digest as Digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  const writer = await target.store.append(key, 0);
  let copied = 0;
  try {
    if (size > 0) {
      for await (const bytes of (await source.store.read(key)).stream()) {
        hasher.update(bytes);
        copied += bytes.byteLength;
        await writer.write([bytes]);
      }
    }
  } finally {
    await writer.close(true);
  }
  const actual = `${algorithm}:${hasher.digest("hex")}`;
  const isGood = copied === size && (typeof digest !== "string" || actual === digest);
  if (!isGood) await target.store.abandon(key);
  if (copied !== size) return `its object has ${copied} bytes instead of ${size}`;
  if (!isGood) return `its bytes have the digest ${actual}`;
  const committed = await target.store.commit(key, size);
  if (committed.key !== key) throw new Error(`object ${key} would be ${committed.key} in the other store`);
  await committed.settled();
  return undefined;
}

/** Goes through the source's objects in the order of keys, and keeps how far it came. */
async function eachPage(
  { source, target }: Move,
  cursor: "objectsAfter" | "checkedAfter",
  end: "objectsDone" | "checkDone",
  work: (page: readonly ObjectToCopy[], done: number) => Promise<void>,
): Promise<void> {
  const keep = async (change: object) =>
    await target.tables.change(async (run) => {
      const state = await readTargetState(run);
      if (state) await writeState(run, "target", { ...state, ...change });
    });
  const state = await readTargetState(target.tables.run);
  if (state?.[end]) return;
  let after = state?.[cursor] ?? "";
  const [before] = await source.tables.run("select coalesce(sum(size), 0) as bytes from objects where key <= ?", [
    after,
  ]);
  let done = Number(before?.bytes ?? 0);
  for (;;) {
    const page = (await source.tables.run(
      `select o.key, o.size, b.digest from objects o left join blobs b on b.object_key = o.key and b.object_key > ?
       where o.key > ? order by o.key limit ${objectsPerPage}`,
      [after, after],
    )) as unknown as ObjectToCopy[];
    await work(page, done);
    done += page.reduce((sum, { size }) => sum + Number(size), 0);
    after = page.at(-1)?.key ?? after;
    if (page.length < objectsPerPage) break;
    await keep({ [cursor]: after });
  }
  await keep({ [end]: true });
}

async function bytesOf({ source }: Move): Promise<number> {
  const [row] = await source.tables.run("select coalesce(sum(size), 0) as bytes from objects");
  return Number(row?.bytes ?? 0);
}

/** Some at once, for stores that are far away. */
export async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: copiesAtOnce }, worker));
}
