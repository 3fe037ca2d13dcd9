import { listRemoteImages } from "../../client/registry/remote-listing.ts";
import { Failure } from "../../sources/failure.ts";
import { type Invocation, UsageError } from "../command.ts";
import { digestAt, ImageCopy } from "./image-copy.ts";
import { type Place, Places } from "./place.ts";
import { ProgressBar } from "./progress-bar.ts";
import { type Tally, tallyText } from "./tally.ts";

type CopyInvocation = Invocation<"format", "all-tags" | "referrers" | "dry-run">;

/** One image to copy, by its digest at the source, and what it is called at the target. */
type Image = { digest: string; tags: readonly string[] };

/** One image that was copied. */
type Copied = { source: string; target: string; digest: string } & Tally;

/** `waybill copy` */
export async function run({ values, positionals, context }: CopyInvocation): Promise<number> {
  const places = new Places(context);
  const [from, to] = [places.open(positionals[0] ?? ""), places.open(positionals[1] ?? "")];
  const isWhole = values["all-tags"] ?? false;
  refuseNames(from, to, isWhole);
  const images = isWhole ? await taggedImages(from) : [await namedImage(from, to)];
  const isDryRun = values["dry-run"] ?? false;
  const copied: Copied[] = [];
  using listener = new ProgressBar(context);
  const copy = new ImageCopy({ from, to, withReferrers: values.referrers ?? false, isDryRun, listener });
  for (const { digest, tags } of images) {
    const { tally } = await copy.copy(digest, tags);
    const target = tags.length > 0 ? `${to.name}:${tags.join(",")}` : `${to.name}@${digest}`;
    copied.push({ source: `${from.name}@${digest}`, target, digest, ...tally });
    if (values.format !== "json") context.stdout(`${target} ${digest}\n`);
    const did = isDryRun ? "Would copy" : "Copied";
    context.stderr(`${did} [${from.name}@${digest}] to [${target}]: ${tallyText(tally)}.\n`);
  }
  if (values.format === "json") context.stdout(`${JSON.stringify(copied, undefined, 2)}\n`);
  return 0;
}

function refuseNames(from: Place, to: Place, isWhole: boolean): void {
  const named = [from, to].find(({ tag, digest }) => tag !== undefined || digest !== undefined);
  if (isWhole && named)
    throw new UsageError(`--all-tags copies every tag, and ${named.name} names one`, `leave it out: ${named.name}`);
  if (to.digest !== undefined) {
    throw new UsageError("the target cannot be a digest", "an image has the digest that its bytes have: name a tag");
  }
}

async function namedImage(from: Place, to: Place): Promise<Image> {
  const tag = from.digest === undefined ? (from.tag ?? "latest") : undefined;
  const digest = from.digest ?? (await digestAt(from, tag ?? ""));
  const name = to.tag ?? tag;
  return { digest, tags: name === undefined ? [] : [name] };
}

async function taggedImages(from: Place): Promise<Image[]> {
  const images = (await listRemoteImages(from.client, from.repository)).filter(({ tags }) => tags.length > 0);
  if (images.length === 0) throw new Failure(`${from.name} has no tags`);
  // The oldest first: whoever looks at the target meanwhile sees it grow as the source did.
  return images.toReversed().map(({ digest, tags }) => ({ digest, tags }));
}
