import type { Command } from "../command.ts";

/** `waybill copy` */
export const copy: Command = {
  name: "copy",
  summary: "copy images from one registry to another",
  help: `
SYNOPSIS
    waybill copy SOURCE TARGET [--referrers] [--dry-run] [--format=json]
    waybill copy SOURCE TARGET --all-tags [--referrers] [--dry-run] [--format=json]

DESCRIPTION
    Copies an image with everything below it: all platforms of an index, configurations, layers. Manifests arrive byte
    by byte as they were, so digests and signatures stay good. Bytes stream from one registry to the other and are
    compared with their digests on the way; what the target has is not sent, and within one registry nothing moves at
    all. A connection that breaks is taken up where it broke. A copy that was ended is simply started again.

    SOURCE and TARGET are HOST/NAME[:TAG|@DIGEST]. Without a tag in TARGET it gets the source's.

    Each registry is spoken to with the identity that is configured for its host, else with what docker login left. It
    goes to that host only, and to the token endpoint known for it, never along a redirect.

OPTIONS
    --all-tags     every tag of the source; neither name then has a tag
    --referrers    also what refers to the image: signatures, SBOMs, attestations
    --dry-run      say what would be copied, and copy nothing
    --format=json  as data: [{source, target, digest, manifests, blobs: {copied, mounted, there}, bytes}]

EXAMPLES
    waybill copy gcr.io/my-project/app:1 registry.example.com/my-project/app
    waybill copy --all-tags gcr.io/my-project/app localhost:5000/my-project/app
`,
  options: {
    "all-tags": { type: "boolean" },
    referrers: { type: "boolean" },
    "dry-run": { type: "boolean" },
    format: { type: "string" },
  },
  choices: { format: ["json", "text"] },
  positionals: { name: "SOURCE TARGET", min: 2, max: 2 },
  load: () => import("./copy.ts"),
};
