import type { RegistryClient } from "../../client/registry/registry-client.ts";
import type { Context } from "../../sources/context.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { type ImageTarget, parseImageTarget } from "../container/image-target.ts";
import { openRegistry } from "../container/open-registry.ts";
import { dockerCredentials } from "./docker-credentials.ts";

/** A repository that images are copied from or to. */
export type Place = ImageTarget & { client: RegistryClient };

/** Docker's own registry has one name for people, one for programs, and one for passwords. */
const dockerNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
const dockerHost = "registry-1.docker.io" as RegistryHost;
const dockerKey = "https://index.docker.io/v1/";

/** Opens the registries of names; names of one registry share a client, and with it tokens. */
export class Places {
  readonly #context: Context;
  readonly #clients = new Map<RegistryHost, RegistryClient>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Reads HOST/NAME[:TAG|@DIGEST]; nothing is asked of the registry yet. */
  open(text: string): Place {
    const target = parseImageTarget(text);
    const isDocker = dockerNames.has(target.host);
    const host = isDocker ? dockerHost : target.host;
    const repository =
      isDocker && !target.repository.includes("/") ? `library/${target.repository}` : target.repository;
    return { ...target, repository, client: this.#client(host, isDocker ? [dockerKey] : [host, `https://${host}`]) };
  }

  #client(host: RegistryHost, keys: readonly string[]): RegistryClient {
    const context = this.#context;
    const client =
      this.#clients.get(host) ?? openRegistry(host, { values: {}, context }, () => dockerCredentials(keys, context));
    this.#clients.set(host, client);
    return client;
  }
}
