import { randomBytes } from "node:crypto";
import { AdministrationError } from "../identity/administration-error.ts";
import {
  type CustomRoleRow,
  findCustomRole,
  insertCustomRole,
  listCustomRoles,
  updateCustomRole,
} from "../storage/metadata/custom-roles.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { ProjectRow } from "../storage/metadata/projects.ts";
import { installationOnly, type Permission, permissions } from "./permissions.ts";

/** Google's launch stages. */
export const roleStages = ["ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"] as const;

/** What a project says of a role. */
export interface CustomRoleDetails {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly stage?: (typeof roleStages)[number] | undefined;
  readonly permissions?: readonly string[] | undefined;
}

const nameWellFormed = /^[a-zA-Z0-9_.]{3,64}$/;
const titleCharactersMax = 100;
const descriptionCharactersMax = 300;
const rolesPerProjectMax = 300;

/** Roles that projects make for themselves, granted in that project only. */
export class CustomRoles {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Throws `invalid`, `already_exists` (also for a deleted one: its bindings would come back) and `failed_precondition`. */
  async create(project: ProjectRow, name: string, details: CustomRoleDetails): Promise<CustomRoleRow> {
    if (!nameWellFormed.test(name)) {
      throw new AdministrationError(
        "invalid",
        `"${name.slice(0, 80)}" cannot name a role: write 3 to 64 letters, digits, _ and periods.`,
      );
    }
    const row: CustomRoleRow = {
      ...merge({ title: "", description: "", stage: "ALPHA", permissions: "[]" }, details),
      id: roleKey(project, name),
      projectId: project.id,
      etag: newEtag(),
      createdAt: this.#now(),
      deletedAt: null,
    };
    return await this.#metadata.write(async (write) => {
      const page = { deleted: true, after: "", limit: rolesPerProjectMax };
      if ((await listCustomRoles(write, project.id, page)).length >= rolesPerProjectMax) {
        throw new AdministrationError("failed_precondition", `A project may make ${rolesPerProjectMax} roles.`);
      }
      if (await insertCustomRole(write, row)) return row;
      throw new AdministrationError("already_exists", `A role named ${name} in ${project.name} already exists.`);
    });
  }

  /** Deleted ones, too. */
  async find(project: ProjectRow, name: string): Promise<CustomRoleRow | undefined> {
    return await findCustomRole(this.#metadata.read, roleKey(project, name));
  }

  async list(project: ProjectRow, deleted: boolean, after: string, limit: number): Promise<CustomRoleRow[]> {
    return await listCustomRoles(this.#metadata.read, project.id, { deleted, after, limit });
  }

  /** With an etag only while the role is as it was when it carried it. Throws `invalid`, `conflict`, `not_found`. */
  async update(role: CustomRoleRow, details: CustomRoleDetails, etag?: string): Promise<CustomRoleRow> {
    return await this.#change(role, etag, (current) => {
      if (current.deletedAt !== null) throw new AdministrationError("failed_precondition", "The role is deleted.");
      return { ...current, ...merge(current, details) };
    });
  }

  /** It grants nothing from now on; `undelete` brings it back with its bindings. */
  async setDeleted(role: CustomRoleRow, deleted: boolean, etag?: string): Promise<CustomRoleRow> {
    return await this.#change(role, etag, (current) => ({
      ...current,
      deletedAt: deleted ? (current.deletedAt ?? this.#now()) : null,
    }));
  }

  async #change(
    { id }: CustomRoleRow,
    etag: string | undefined,
    change: (current: CustomRoleRow) => CustomRoleRow,
  ): Promise<CustomRoleRow> {
    return await this.#metadata.write(async (write) => {
      const current = await findCustomRole(write, id);
      if (!current) throw new AdministrationError("not_found", "The role does not exist.");
      if (etag !== undefined && etag !== current.etag) {
        throw new AdministrationError("conflict", "The role was changed meanwhile: read it again.");
      }
      const changed = { ...change(current), etag: newEtag() };
      await updateCustomRole(write, changed);
      await raisePolicyVersion(write);
      return changed;
    });
  }
}

/** As bindings hold it. */
function roleKey({ id }: ProjectRow, name: string): string {
  return `projects/${id}/roles/${name}`;
}

/** The name of a role within its project. */
export function roleName({ id }: CustomRoleRow): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

function merge(
  current: Pick<CustomRoleRow, "title" | "description" | "stage" | "permissions">,
  { title = current.title, description = current.description, stage, permissions: wanted }: CustomRoleDetails,
) {
  if (title.length > titleCharactersMax || description.length > descriptionCharactersMax) {
    const most = `${titleCharactersMax} characters at most, its description ${descriptionCharactersMax}`;
    throw new AdministrationError("invalid", `The title of a role may have ${most}.`);
  }
  const own = wanted && JSON.stringify([...new Set(wanted.map(requirePermission))].sort());
  return { title, description, stage: stage ?? current.stage, permissions: own ?? current.permissions };
}

function requirePermission(name: string): Permission {
  const known = permissions.find((permission) => permission === name);
  if (known && !installationOnly.has(known)) return known;
  const why = known ? "is asked on the whole server: a project's role cannot give it" : "is not known here";
  throw new AdministrationError("invalid", `Permission ${name.slice(0, 100)} ${why}.`);
}

function newEtag(): string {
  return randomBytes(8).toString("base64");
}
