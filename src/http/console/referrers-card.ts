import { html } from "hono/html";
import type { Digest } from "../../registry/digest.ts";
import { textsOf } from "../../registry/image-config.ts";
import { type Referrer, referrerPage } from "../../registry/referrers.ts";
import { imageUrl, shortDigest } from "./image-urls.ts";
import type { Html } from "./page.ts";
import { byteText } from "./parts/byte-text.ts";
import { type RepositoryCall, resolvedFrom } from "./repository-call.ts";

/** A signature of an SBOM of an image is two deep; deeper ones are on the pages of those. */
const depthMax = 4;
const referrersShown = 100;

interface Branch {
  readonly referrer: Referrer;
  readonly branches: readonly Branch[];
}

const kinds: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/cosign|signature|notary/, "Signature"],
  [/spdx|cyclonedx|sbom|syft/, "SBOM"],
  [/in-toto|attestation|provenance|slsa/, "Attestation"],
];

/** What refers to an image: signatures, SBOMs, attestations, and what refers to those, as a tree. */
export async function referrersCard(call: RepositoryCall, digest: Digest): Promise<Html | undefined> {
  const room = { left: referrersShown };
  const { branches, more } = await grow(call, digest, depthMax, room);
  if (branches.length === 0) return undefined;
  return html`<section class="card"><h2>Referrers</h2>${tree(call, branches)}${more && html`<p class="soft">and more</p>`}</section>`;
}

async function grow(call: RepositoryCall, subject: Digest, depth: number, room: { left: number }) {
  const branches: Branch[] = [];
  if (depth === 0) return { branches, more: false };
  const { resolved } = resolvedFrom(call);
  const { referrers, next } = await referrerPage(call.services.metadata, resolved, subject, undefined, "");
  for (const referrer of referrers) {
    if (room.left === 0) return { branches, more: true };
    room.left--;
    const below = await grow(call, referrer.digest as Digest, depth - 1, room);
    branches.push({ referrer, branches: below.branches });
  }
  return { branches, more: next !== undefined };
}

function tree(call: RepositoryCall, branches: readonly Branch[]): Html {
  const { name } = resolvedFrom(call);
  const item = ({ referrer, branches: below }: Branch) => {
    const { digest, size, artifactType = referrer.mediaType } = referrer;
    const annotations = Object.entries(textsOf(referrer.annotations)).slice(0, 5);
    const notes = annotations.map(([key, text]) => html`<br>${key.slice(0, 100)}: ${text.slice(0, 200)}`);
    return html`<li><span class="row"><strong>${kindOf(artifactType)}</strong> <a class="digest" href="${imageUrl(name, digest)}">${shortDigest(digest)}</a> <span class="soft small number">${byteText(size)}</span></span>
<p class="soft small mono">${artifactType}${notes}</p>${below.length > 0 && tree(call, below)}</li>`;
  };
  return html`<ul class="tree">${branches.map(item)}</ul>`;
}

function kindOf(artifactType: string): string {
  return kinds.find(([pattern]) => pattern.test(artifactType.toLowerCase()))?.[1] ?? "Artifact";
}
