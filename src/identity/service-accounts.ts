import { randomBytes } from "node:crypto";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { ProjectRow } from "../storage/metadata/projects.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import {
  findServiceAccount,
  insertServiceAccount,
  listServiceAccounts,
  markServiceAccountDeleted,
  type ServiceAccountRow,
  updateServiceAccount,
} from "../storage/metadata/service-accounts.ts";
import { AdministrationError } from "./administration-error.ts";
import { newUniqueId } from "./unique-id.ts";
import { isWorkloadName, workloadForm } from "./workload-binding.ts";

/** What may be said of an account. */
export interface ServiceAccountDetails {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
}

const nameWellFormed = /^[a-z](?:[-a-z0-9]{0,28}[a-z0-9])?$/;
const detailCharactersMax = 256;
const workloadsMax = 20;

/** The identities of programs, each in a project. */
export class ServiceAccounts {
  readonly #metadata: Metadata;
  readonly #accountDomain: string;
  readonly #now: () => number;

  /** @param accountDomain what follows the project in an account's e-mail: `iam.waybill.internal` */
  constructor(metadata: Metadata, accountDomain: string, now: () => number) {
    this.#metadata = metadata;
    this.#accountDomain = accountDomain;
    this.#now = now;
  }

  /** Throws `invalid` or `already_exists`. */
  async create(project: ProjectRow, name: string, details: ServiceAccountDetails): Promise<ServiceAccountRow> {
    return await this.#metadata.write((write) => this.createIn(write, project, name, details));
  }

  /** As `create`, inside a transaction. */
  async createIn(write: Writer, project: ProjectRow, name: string, details: ServiceAccountDetails) {
    if (!nameWellFormed.test(name)) {
      throw new AdministrationError(
        "invalid",
        `"${name.slice(0, 40)}" cannot name a service account: write up to 30 lower-case letters, digits and -, a letter first.`,
      );
    }
    requireDetails(details);
    const account: ServiceAccountRow = {
      id: newUniqueId(),
      projectId: project.id,
      email: this.emailOf(name, project.name),
      displayName: details.displayName ?? "",
      description: details.description ?? "",
      etag: newEtag(),
      createdAt: this.#now(),
      disabledAt: null,
      workloads: "",
    };
    if (!(await insertServiceAccount(write, account))) {
      throw new AdministrationError("already_exists", `Service account ${account.email} already exists.`);
    }
    return account;
  }

  /** By e-mail or unique id. */
  async find(emailOrId: string): Promise<ServiceAccountRow | undefined> {
    return await findServiceAccount(this.#metadata.read, emailOrId);
  }

  async list(projectId: string, after: string, limit: number): Promise<ServiceAccountRow[]> {
    return await listServiceAccounts(this.#metadata.read, projectId, after, limit);
  }

  /**
   * Changes what is said of an account. With an etag only while the account is still as it was when it carried it.
   * Throws `invalid`, `not_found` or `conflict`.
   */
  async update(account: ServiceAccountRow, details: ServiceAccountDetails, etag?: string): Promise<ServiceAccountRow> {
    requireDetails(details);
    return await this.#metadata.write(async (write) => {
      const current = await findServiceAccount(write, account.id);
      if (!current) throw new AdministrationError("not_found", `Service account ${account.email} does not exist.`);
      if (etag !== undefined && etag !== current.etag) {
        throw new AdministrationError(
          "conflict",
          `Service account ${account.email} was changed meanwhile: read it again.`,
        );
      }
      const { displayName = current.displayName, description = current.description } = details;
      const change = { displayName, description, etag: newEtag() };
      await updateServiceAccount(write, account.id, change);
      return { ...current, ...change };
    });
  }

  /** From now on nothing the account holds is believed, or all of it is again. */
  async setDisabled(account: ServiceAccountRow, disabled: boolean): Promise<void> {
    const disabledAt = disabled ? (account.disabledAt ?? this.#now()) : null;
    await this.#metadata.write(async (write) => {
      await updateServiceAccount(write, account.id, { disabledAt, etag: newEtag() });
      await raisePolicyVersion(write);
    });
  }

  /**
   * From now on the account is used by these workloads only, and nothing that began otherwise is believed: no key, no login, no
   * other account that may become it, and no token from before. None lifts the limit. Throws `invalid`.
   *
   * @param workloads `principal://…` or `principalSet://…`
   */
  async bindTo(account: ServiceAccountRow, workloads: readonly string[]): Promise<ServiceAccountRow> {
    if (workloads.length > workloadsMax || !workloads.every(isWorkloadName)) {
      throw new AdministrationError("invalid", `The workloads must be up to ${workloadsMax}, each ${workloadForm}.`);
    }
    const change = { workloads: workloads.length === 0 ? "" : JSON.stringify(workloads), etag: newEtag() };
    await this.#metadata.write(async (write) => {
      await updateServiceAccount(write, account.id, change);
      await raisePolicyVersion(write);
    });
    return { ...account, ...change };
  }

  /** Frees the e-mail; a later account of that name has another id and inherits nothing. */
  async delete(account: ServiceAccountRow): Promise<void> {
    await this.#metadata.write(async (write) => {
      await markServiceAccountDeleted(write, account.id, this.#now());
      await raisePolicyVersion(write);
    });
  }

  /** The e-mail of an account; `NAME@my-project.example.com.DOMAIN` in the domain-scoped project `example.com:my-project`. */
  emailOf(name: string, project: string): string {
    return `${name}@${project.split(":").reverse().join(".")}.${this.#accountDomain}`;
  }

  /** The project that an e-mail says its account is in, whether or not there is one. */
  projectOf(email: string): string | undefined {
    const host = email.slice(email.lastIndexOf("@") + 1);
    if (!host.endsWith(`.${this.#accountDomain}`)) return undefined;
    const [project, ...domain] = host.slice(0, -this.#accountDomain.length - 1).split(".");
    return domain.length === 0 ? project : `${domain.join(".")}:${project}`;
  }
}

function requireDetails({ displayName = "", description = "" }: ServiceAccountDetails): void {
  if (displayName.length <= 100 && description.length <= detailCharactersMax) return;
  throw new AdministrationError(
    "invalid",
    `A display name may have 100 characters at most, a description ${detailCharactersMax}.`,
  );
}

function newEtag(): string {
  return randomBytes(8).toString("base64");
}
