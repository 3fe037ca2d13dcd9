import { Failure } from "../../sources/failure.ts";
import { openDistribution } from "./distribution-folder.ts";
import type { ImageFolder } from "./image-folder.ts";
import { openLayouts } from "./oci-layouts.ts";
import { SafeFolder } from "./safe-folder.ts";

/** Finds out what a folder is. Throws Failure for one that holds no images. */
export async function openImageFolder(path: string, withUntagged: boolean): Promise<ImageFolder> {
  const folder = await SafeFolder.open(path);
  const found = (await openDistribution(folder, withUntagged)) ?? (await openLayouts(folder));
  if (found) return found;
  throw new Failure(
    `${path} holds no images that are known here`,
    "it is the rootdirectory of docker-registry or zot, or a folder with oci-layout and index.json",
  );
}
