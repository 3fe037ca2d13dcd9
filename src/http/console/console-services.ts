import type { CredentialUses } from "../../identity/credential-uses.ts";
import type { DescribedImages } from "../../registry/described-images.ts";
import type { Manifests } from "../../registry/manifests.ts";
import type { GoogleServices } from "../google/services.ts";

/** What the pages speak for: the same domains as the administration API, and the images themselves. */
export interface ConsoleServices extends GoogleServices {
  readonly manifests: Manifests;
  readonly credentialUses: CredentialUses;
  readonly describedImages: DescribedImages;
}
