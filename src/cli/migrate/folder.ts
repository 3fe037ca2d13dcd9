import { folderRegistry, nameInRegistry } from "../../client/folder/folder-registry.ts";
import { type FolderImage, type ImageFolder, readManifest } from "../../client/folder/image-folder.ts";
import { openImageFolder } from "../../client/folder/open-folder.ts";
import { RegistryClient } from "../../client/registry/registry-client.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { UsageError } from "../command.ts";
import { ImageCopy } from "../copy/image-copy.ts";
import { type Place, Places } from "../copy/place.ts";
import { ProgressBar } from "../copy/progress-bar.ts";
import { type Tally, tallyText } from "../copy/tally.ts";
import type { MigrateInvocation } from "./migrate.ts";

type Copied = { target: string; digest: string; tags: readonly string[] } & (Tally | { error: string });

/** `waybill migrate folder` */
export async function importFolder({ values, positionals, context }: MigrateInvocation): Promise<number> {
  const [, path, to] = positionals;
  if (path === undefined || to === undefined)
    throw new UsageError("name a folder and where its images go: DIR HOST/PROJECT");
  const places = new Places(context);
  if (places.open(to).tag !== undefined || places.open(to).digest !== undefined)
    throw new UsageError("the target has no tag", "images keep the tags that they have in the folder");
  const folder = await openImageFolder(path, values.untagged ?? false);
  const registry = {
    origin: "https://folder.invalid",
    credentials: async () => undefined,
    fetch: folderRegistry(folder),
  };
  const client = new RegistryClient(registry);
  const copied: Copied[] = [];
  using listener = new ProgressBar(context);
  for await (const repository of folder.repositories()) {
    const name = nameInRegistry(repository);
    const from = { client, repository: name, name: `${path}/${repository}` } as unknown as Place;
    const target = places.open(repository === "" ? to : `${to}/${repository}`);
    const isDryRun = values["dry-run"] ?? false;
    const copy = new ImageCopy({ from, to: target, withReferrers: true, isDryRun, listener });
    const failed = (image: { target: string; digest: string; tags: readonly string[] }, error: unknown) => {
      copied.push({ ...image, error: messageOf(error) });
      context.stderr(`waybill: error: ${namesOf(image)}: ${messageOf(error)}\n`);
    };
    const found = await images(folder, repository).catch((error) => {
      failed({ target: target.name, digest: "", tags: [] }, error);
      return [];
    });
    for (const { digest, tags } of found) {
      const image = { target: target.name, digest, tags };
      try {
        const { tally } = await copy.copy(digest, tags);
        copied.push({ ...image, ...tally });
        const did = isDryRun ? "Would bring" : "Brought";
        context.stderr(`${did} [${namesOf(image)}]: ${tallyText(tally)}.\n`);
      } catch (error) {
        failed(image, error);
      }
    }
  }
  return report(copied, folder.kind, values.format === "json", context.stdout);
}

/** All but what refers to another image: that comes with the image. */
async function images(folder: ImageFolder, repository: string): Promise<FolderImage[]> {
  const own: FolderImage[] = [];
  for (const image of await folder.images(repository)) {
    const subject = image.tags.length > 0 ? undefined : await subjectOf(folder, repository, image.digest);
    if (subject === undefined) own.push(image);
  }
  return own;
}

/** What a manifest refers to, where that is in the folder. */
async function subjectOf(folder: ImageFolder, repository: string, digest: string): Promise<string | undefined> {
  const subject = (await readManifest(folder, repository, digest).catch(() => undefined))?.subject;
  if (subject === undefined) return undefined;
  return (await folder.manifestBytes(repository, subject)) && subject;
}

function report(copied: readonly Copied[], kind: string, asJson: boolean, stdout: (text: string) => void): number {
  const failed = copied.filter((image) => "error" in image).length;
  if (asJson) stdout(`${JSON.stringify({ kind, images: copied }, undefined, 2)}\n`);
  else for (const image of copied) if (!("error" in image)) stdout(`${namesOf(image)} ${image.digest}\n`);
  if (failed === 0) return 0;
  throw new Failure(
    `${failed} of ${copied.length} images were not brought`,
    "mend them, and start the same command again",
  );
}

function namesOf({ target, digest, tags }: { target: string; digest: string; tags: readonly string[] }): string {
  if (digest === "") return target;
  return tags.length > 0 ? `${target}:${tags.join(",")}` : `${target}@${digest}`;
}
