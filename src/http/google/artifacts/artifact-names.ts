import type { ArtifactPlace } from "./artifact-place.ts";

/** Artifact Registry's resource names for what lies at a place. A path is one part of a name, its slashes encoded. */
export class ArtifactNames {
  readonly #project: string;
  readonly #place: ArtifactPlace;

  constructor(project: string, place: ArtifactPlace) {
    this.#project = project;
    this.#place = place;
  }

  get repository(): string {
    return `projects/${this.#project}/locations/${this.#place.region}/repositories/${this.#place.repository}`;
  }

  /** @param image the path below the project, as we have it */
  package(image: string): string {
    return `${this.repository}/packages/${this.#packageId(image)}`;
  }

  version(image: string, digest: string): string {
    return `${this.package(image)}/versions/${digest}`;
  }

  tag(image: string, tag: string): string {
    return `${this.package(image)}/tags/${tag}`;
  }

  dockerImage(image: string, digest: string): string {
    return `${this.repository}/dockerImages/${this.#packageId(image)}@${digest}`;
  }

  /** How gcloud names the image; docker pulls it by the host's own name. */
  uri(image: string, digest: string): string {
    const { region, repository, prefix } = this.#place;
    return `${region}-docker.pkg.dev/${this.#project}/${repository}/${image.slice(prefix.length)}@${digest}`;
  }

  #packageId(image: string): string {
    return image.slice(this.#place.prefix.length).replaceAll("/", "%2F");
  }
}
