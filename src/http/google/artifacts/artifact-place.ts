// Artifact Registry's names for what lies here (docs/decisions: Artifact Registry's names). Google moved the images of
// `gcr.io` into the repository `gcr.io` of the location `us`; the same is done with every storage location of ours.

/** Where the images lie that Artifact Registry's location and repository stand for. */
export interface ArtifactPlace {
  /** Artifact Registry's location: `us`. */
  readonly region: string;
  /** Artifact Registry's repository: `gcr.io`. */
  readonly repository: string;
  /** Our storage location. */
  readonly location: string;
  /** What image paths below the project begin with: nothing, or `REPOSITORY/`. */
  readonly prefix: string;
}

const googleRegions: Readonly<Record<string, string>> = {
  "gcr.io": "us",
  "us.gcr.io": "us",
  "eu.gcr.io": "europe",
  "asia.gcr.io": "asia",
};
const packageHost = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

/** Artifact Registry's location for one of ours: its own name, where Google has none. */
export function regionOf(location: string): string {
  return googleRegions[location] ?? packageHost.exec(location)?.[1] ?? location;
}

/** Whether images of this storage location are named HOST/PROJECT/REPOSITORY/IMAGE, as at `us-docker.pkg.dev`. */
export function hasRepositories(location: string): boolean {
  return packageHost.test(location);
}

/** The storage locations that lie in a region. Each is in one, and also goes by its own name. */
export function locationsIn(locations: readonly string[], region: string): string[] {
  return locations.filter((location) => regionOf(location) === region || location === region);
}

/** A repository named after a storage location is all of it; any other is the first part of image paths. */
export function findPlace(locations: readonly string[], region: string, repository: string): ArtifactPlace | undefined {
  const here = locationsIn(locations, region);
  if (here.includes(repository)) return { region, repository, location: repository, prefix: "" };
  const location = here.find((each) => hasRepositories(each) || each === region);
  return location === undefined ? undefined : { region, repository, location, prefix: `${repository}/` };
}
