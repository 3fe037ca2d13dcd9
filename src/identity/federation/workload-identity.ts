import { raisePolicyVersion } from "../../storage/metadata/installation.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import {
  findPool,
  findProvider,
  insertPool,
  insertProvider,
  listPools,
  listProviders,
  type PoolChange,
  type PoolRow,
  type ProviderRow,
  type Slice,
  updatePool,
  updateProvider,
} from "../../storage/metadata/workload-identity.ts";
import { AdministrationError } from "../administration-error.ts";
import { type FederatedPrincipal, federatedKey, federatedPrincipal, poolIdentifier } from "../federated.ts";
import { IdentityError } from "../identity-error.ts";
import type { Workload } from "../lineage.ts";
import { newUniqueId } from "../unique-id.ts";
import { compileMapping } from "./attribute-mapping.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { type ProviderSettings, requireGoodSettings } from "./provider-settings.ts";
import { verifySubjectToken } from "./subject-token.ts";
import { type Trial, tryToken } from "./trial.ts";

/** What may be said of a pool or provider. */
export interface Details {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly disabled?: boolean | undefined;
}

/** A provider with its settings read. */
export type Provider = ProviderRow & { readonly read: ProviderSettings };

/** A workload that an outside issuer vouched for. */
export interface FederatedIdentity {
  /** `principal://…` */
  readonly key: string;
  readonly principal: FederatedPrincipal;
  readonly workload: Workload;
  /** The id of the pool's project. */
  readonly projectId: string;
}

const nameWellFormed = /^(?!gcp-)[a-z0-9-]{4,32}$/;
const poolsMax = 100;
const providersMax = 100;
const mappingsMax = 1000;

/** Pools of outside identities, their providers, and the door through which workloads come in. */
export class WorkloadIdentity {
  readonly #metadata: Metadata;
  readonly #keys: IssuerKeys;
  readonly #mayAsk: (issuer: URL) => boolean;
  readonly #now: () => number;
  readonly #mappings = new Map<string, Awaited<ReturnType<typeof compileMapping>>>();

  /** @param mayAsk whether an issuer may be asked over plain HTTP, or in a private network */
  constructor(metadata: Metadata, keys: IssuerKeys, mayAsk: (issuer: URL) => boolean, now: () => number) {
    this.#metadata = metadata;
    this.#keys = keys;
    this.#mayAsk = mayAsk;
    this.#now = now;
  }

  /** A pool, deleted or not. */
  async findPool(projectId: string, name: string): Promise<PoolRow | undefined> {
    return await findPool(this.#metadata.read, projectId, name);
  }

  async listPools(projectId: string, slice: Slice): Promise<PoolRow[]> {
    return await listPools(this.#metadata.read, projectId, slice);
  }

  /** Throws `invalid` or `already_exists`. */
  async createPool(project: ProjectRow, name: string, details: Details): Promise<PoolRow> {
    const pool: PoolRow = { ...this.#newRow("pool", name, details), projectId: project.id };
    await this.#metadata.write(async (write) => {
      const slice = { after: "", limit: poolsMax, showDeleted: false };
      if ((await listPools(write, project.id, slice)).length >= poolsMax) throw tooMany(poolsMax, "pools");
      if (!(await insertPool(write, pool))) throw taken(`Pool ${name}`);
    });
    return pool;
  }

  async updatePool(pool: PoolRow, details: Details): Promise<PoolRow> {
    return await this.#changePool(pool, this.#changeOf(pool, details));
  }

  /** A deleted pool lets nobody in, and what was let in through it is refused from now on; its name stays taken. */
  async setPoolDeleted(pool: PoolRow, deleted: boolean): Promise<PoolRow> {
    return await this.#changePool(pool, { deletedAt: deleted ? this.#now() : null });
  }

  /** A provider, deleted or not. */
  async findProvider(pool: PoolRow, name: string): Promise<Provider | undefined> {
    const row = await findProvider(this.#metadata.read, pool.id, name);
    return row && withSettings(row);
  }

  async listProviders(pool: PoolRow, slice: Slice): Promise<Provider[]> {
    return (await listProviders(this.#metadata.read, pool.id, slice)).map(withSettings);
  }

  /** Throws `invalid` or `already_exists`. */
  async createProvider(pool: PoolRow, name: string, details: Details, settings: ProviderSettings): Promise<Provider> {
    await requireGoodSettings(settings, this.#mayAsk);
    const row = { ...this.#newRow("provider", name, details), poolId: pool.id, settings: JSON.stringify(settings) };
    await this.#metadata.write(async (write) => {
      const slice = { after: "", limit: providersMax, showDeleted: false };
      if ((await listProviders(write, pool.id, slice)).length >= providersMax) throw tooMany(providersMax, "providers");
      if (!(await insertProvider(write, row))) throw taken(`Provider ${name}`);
    });
    return withSettings(row);
  }

  async updateProvider(provider: Provider, details: Details, change: Partial<ProviderSettings>): Promise<Provider> {
    const settings = { ...provider.read, ...change };
    await requireGoodSettings(settings, this.#mayAsk);
    return await this.#changeProvider(provider, {
      ...this.#changeOf(provider, details),
      settings: JSON.stringify(settings),
    });
  }

  async setProviderDeleted(provider: Provider, deleted: boolean): Promise<Provider> {
    return await this.#changeProvider(provider, { deletedAt: deleted ? this.#now() : null });
  }

  /**
   * Who an outside issuer says the bearer of a token is. Throws IdentityError; `unknown_provider` alike for one that is not
   * there and one that is disabled.
   *
   * @param audience `//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`,
   *   or with `project` in it: Google's libraries send the token to Google where they find a project's number
   *   (docs/decisions/0013)
   */
  async identify(audience: string, subjectToken: string): Promise<FederatedIdentity> {
    const { pool, provider } = await this.#byAudience(audience);
    const claims = await verifySubjectToken(
      subjectToken,
      provider.read,
      audienceOf(pool, provider),
      this.#keys,
      this.#now(),
    );
    const { subject, groups, attributes } = (await this.#mappingOf(provider))(claims);
    const key = federatedKey(pool, subject);
    const workload = { provider: provider.id, groups: [...groups], attributes: { ...attributes } };
    const { projectId } = pool;
    return {
      key,
      principal: federatedPrincipal(key, workload, { projectId, poolName: pool.name }),
      projectId,
      workload,
    };
  }

  /** What a provider makes of a token, rule by rule, for whoever writes its rules. */
  async tryToken(pool: PoolRow, provider: Provider, subjectToken: string): Promise<Trial> {
    const defaultAudience = audienceOf(pool, provider);
    return await tryToken(subjectToken, pool, provider.read, {
      defaultAudience,
      keys: this.#keys,
      now: this.#now(),
    });
  }

  async #byAudience(audience: string): Promise<{ pool: PoolRow; provider: Provider }> {
    const match =
      /^(?:https:)?\/\/iam\.googleapis\.com\/projects?\/([0-9]{1,20})\/locations\/global\/workloadIdentityPools\/([a-z0-9-]{1,32})\/providers\/([a-z0-9-]{1,32})$/.exec(
        audience,
      );
    const [, projectId = "", poolName = "", name = ""] = match ?? [];
    const pool = match ? await this.findPool(projectId, poolName) : undefined;
    const provider = pool && (await this.findProvider(pool, name));
    const state = provider && (await this.#metadata.hot.providerState(provider.id));
    if (pool && provider && state?.live === 1) return { pool, provider };
    throw new IdentityError(
      "unknown_provider",
      "the audience names no workload identity provider of this server that is enabled",
    );
  }

  async #mappingOf({ settings, read }: Provider) {
    const known = this.#mappings.get(settings);
    if (known) return known;
    const mapping = await compileMapping(read);
    if (this.#mappings.size >= mappingsMax) this.#mappings.clear();
    this.#mappings.set(settings, mapping);
    return mapping;
  }

  async #changePool(pool: PoolRow, change: PoolChange): Promise<PoolRow> {
    await this.#metadata.write(async (write) => {
      await updatePool(write, pool.id, { description: pool.description, ...change });
      await raisePolicyVersion(write);
    });
    return { ...pool, ...change };
  }

  async #changeProvider(provider: Provider, change: PoolChange & { settings?: string }): Promise<Provider> {
    await this.#metadata.write(async (write) => {
      await updateProvider(write, provider.id, { description: provider.description, ...change });
      await raisePolicyVersion(write);
    });
    return withSettings({ ...provider, ...change });
  }

  #newRow(kind: string, name: string, details: Details) {
    if (!nameWellFormed.test(name)) {
      throw new AdministrationError(
        "invalid",
        `"${name.slice(0, 40)}" cannot name a ${kind}: write 4 to 32 lower-case letters, digits and -, not beginning with gcp-.`,
      );
    }
    requireDetails(details);
    const { displayName = "", description = "", disabled = false } = details;
    const createdAt = this.#now();
    const disabledAt = disabled ? createdAt : null;
    return { id: newUniqueId(), name, displayName, description, createdAt, disabledAt, deletedAt: null };
  }

  #changeOf(row: Pick<PoolRow, "disabledAt">, details: Details): PoolChange {
    requireDetails(details);
    const { displayName, description, disabled } = details;
    return {
      ...(displayName !== undefined && { displayName }),
      ...(description !== undefined && { description }),
      ...(disabled !== undefined && { disabledAt: disabled ? (row.disabledAt ?? this.#now()) : null }),
    };
  }
}

/** The provider's own name, which is the audience of what is exchanged through it. */
export function audienceOf(pool: PoolRow, { name }: Pick<ProviderRow, "name">): string {
  return `${poolIdentifier(pool)}/providers/${name}`;
}

function withSettings(row: ProviderRow): Provider {
  return { ...row, read: JSON.parse(row.settings) as ProviderSettings };
}

function requireDetails({ displayName = "", description = "" }: Details): void {
  if (displayName.length <= 32 && description.length <= 256) return;
  throw new AdministrationError("invalid", "A display name may have 32 characters at most, a description 256.");
}

function taken(what: string): AdministrationError {
  return new AdministrationError("already_exists", `${what} already exists, or did: names are not used again.`);
}

function tooMany(max: number, what: string): AdministrationError {
  return new AdministrationError("failed_precondition", `There are ${max} ${what} already: delete one first.`);
}
