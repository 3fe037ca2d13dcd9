// Where Google's registries are: Container Registry's hosts, and Artifact Registry's for every region. Docker wants each
// host by name in its configuration, so the regions are written down here; that is all a new region needs, and the helper
// answers for it before: by the form of its name.

import { googleHostRules, matchesAny } from "../sources/google.ts";
import type { RegistryHost } from "../sources/registry-host.ts";

/** Container Registry's hosts that everybody uses: one for each place where images lie, and the marketplace. */
export const containerRegistryHosts: readonly string[] = [
  "gcr.io",
  "us.gcr.io",
  "eu.gcr.io",
  "asia.gcr.io",
  "marketplace.gcr.io",
];

/** gcloud's helper has one more. */
export const gcloudDefaultHosts: readonly string[] = [
  ...containerRegistryHosts.slice(0, 4),
  "staging-k8s.gcr.io",
  "marketplace.gcr.io",
];

const multiRegions = ["us", "europe", "asia"];

/** The regions, each with the numbers of its places. */
const regionNumbers: Readonly<Record<string, readonly number[]>> = {
  "africa-south": [1],
  "asia-east": [1, 2],
  "asia-northeast": [1, 2, 3],
  "asia-south": [1, 2],
  "asia-southeast": [1, 2, 3],
  "australia-southeast": [1, 2],
  "europe-central": [2],
  "europe-north": [1, 2],
  "europe-southwest": [1],
  "europe-west": [1, 2, 3, 4, 6, 8, 9, 10, 12],
  "me-central": [1, 2],
  "me-west": [1],
  "northamerica-northeast": [1, 2],
  "northamerica-south": [1],
  "southamerica-east": [1],
  "southamerica-west": [1],
  "us-central": [1, 2],
  "us-east": [1, 4, 5, 7],
  "us-south": [1],
  "us-west": [1, 2, 3, 4, 8],
};

/** Regions without an endpoint of their own (`docker.REGION.rep.pkg.dev`). */
const withoutEndpoint = ["asia-southeast3", "europe-north2", "northamerica-south1"];

const regions = Object.entries(regionNumbers).flatMap(([name, numbers]) => numbers.map((number) => `${name}${number}`));

/** Artifact Registry's hosts, of every region that is known. */
export const artifactRegistryHosts: readonly string[] = [
  ...[...multiRegions, ...regions].map((region) => `${region}-docker.pkg.dev`),
  ...regions.filter((region) => !withoutEndpoint.includes(region)).map((region) => `docker.${region}.rep.pkg.dev`),
];

/**
 * Is this one of Google's registries, known here or not yet? The rule for regions that are in no list: whatever lies
 * under `gcr.io` and `pkg.dev`, where nobody but Google can have a name.
 */
export function isGoogleRegistry(host: string): boolean {
  return matchesAny(host as RegistryHost, googleHostRules);
}
