import type { Metadata } from "../storage/metadata/metadata.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { catalogPage } from "./catalog.ts";
import type { Page } from "./tags.ts";

/** Names looked at in one go, between which others get their turn. */
const windowSize = 2000;
/** A search that has looked at so many names ends with what it found: names are not indexed by their middles. */
const namesMax = 200_000;

/**
 * The repositories of a location whose names contain a text, in the order of their names.
 *
 * @param visible what may be found: everything, or these projects, locations of projects, and repositories
 * @param skip how many to leave out: those of the pages before
 */
export async function searchRepositories(
  metadata: Metadata,
  location: string,
  visible: "everything" | readonly ResourceKey[],
  text: string,
  skip: number,
  limit: number,
): Promise<Page> {
  const found: string[] = [];
  let after = "";
  for (let seen = 0; seen < namesMax && found.length <= skip + limit; seen += windowSize) {
    const { names, more } = await catalogPage(metadata, location, visible, after, windowSize);
    found.push(...names.filter((name) => name.includes(text)));
    after = names.at(-1) ?? "";
    if (!more) break;
    await new Promise(setImmediate);
  }
  return { names: found.slice(skip, skip + limit), more: found.length > skip + limit };
}
