/** What a throw-away registry is to be like. */
export interface RegistryOptions {
  /** The project that images go into; it is made for you. Default `test`. */
  readonly project?: string;
  /** Settings of `waybill serve`, by their names without the dashes: `{ "read-only": true, hosts: "gcr.io" }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** A registry that answers, with nothing in it. Nothing of it is left after `stop`. */
export interface Registry extends AsyncDisposable {
  /** `http://localhost:PORT` */
  readonly origin: string;
  /** `localhost:PORT`: what names of images begin with. */
  readonly host: string;
  /** The path of a JSON key file: its account owns this registry, and may do everything in it. */
  readonly keyFile: string;
  /** The project that was made. An image is `${host}/${project}/NAME`. */
  readonly project: string;
  /** Ends the registry and removes what it stored. A second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts a registry on a free port of this machine, for tests. Rejects with an Error that says which setting or project
 * name cannot be. The registry ends with `stop`, at the end of an `await using` block, and with the process.
 */
export function startRegistry(options?: RegistryOptions): Promise<Registry>;
