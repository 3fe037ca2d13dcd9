import { AdministrationError } from "../identity/administration-error.ts";
import { type Principal, principalKey } from "../identity/principal.ts";
import { newProjectNumber } from "../identity/unique-id.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import {
  findProject,
  findProjectById,
  insertProject,
  listProjects,
  markProjectDeleted,
  type ProjectRow,
} from "../storage/metadata/projects.ts";
import type { MemberKey, Writer } from "../storage/metadata/schema.ts";
import type { Policies } from "./policies.ts";

/** `my-project`, or `example.com:my-project` for one that belongs to a domain. */
const nameWellFormed =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+:)?[a-z](?:[-a-z0-9]{0,28}[a-z0-9])?$/;
const nameCharactersMax = 100;

/** Projects: what images, accounts and policies belong to. */
export class Projects {
  readonly #metadata: Metadata;
  readonly #policies: Policies;
  readonly #now: () => number;

  constructor(metadata: Metadata, policies: Policies, now: () => number) {
    this.#metadata = metadata;
    this.#policies = policies;
    this.#now = now;
  }

  /** Makes a project that its creator owns. Throws `invalid` or `already_exists`. */
  async create(name: string, displayName: string, creator: Principal): Promise<ProjectRow> {
    return await this.#metadata.write((write) => this.createIn(write, name, displayName, creator));
  }

  /** As `create`, inside a transaction. */
  async createIn(write: Writer, name: string, displayName: string, creator: Principal): Promise<ProjectRow> {
    if (name.length > nameCharactersMax || !nameWellFormed.test(name)) {
      throw new AdministrationError(
        "invalid",
        `"${name.slice(0, 60)}" cannot name a project: write up to 30 lower-case letters, digits and -, a letter first.`,
      );
    }
    const project = { id: newProjectNumber(), name, displayName: displayName || name, createdAt: this.#now() };
    if (!(await insertProject(write, project))) {
      throw new AdministrationError("already_exists", `Project ${name} already exists.`);
    }
    if (creator.kind !== "anonymous") {
      const member = principalKey(creator) as MemberKey;
      await this.#policies.grant(write, `project/${project.id}`, { member, role: "roles/owner", condition: "" });
    }
    return project;
  }

  async find(name: string): Promise<ProjectRow | undefined> {
    return await findProject(this.#metadata.read, name);
  }

  /** By its name or its number. No name can pass for a number: it has a letter. */
  async resolve(nameOrNumber: string): Promise<ProjectRow | undefined> {
    return /^[0-9]+$/.test(nameOrNumber)
      ? await findProjectById(this.#metadata.read, nameOrNumber)
      : await this.find(nameOrNumber);
  }

  async list(after: string, limit: number): Promise<ProjectRow[]> {
    return await listProjects(this.#metadata.read, after, limit);
  }

  /** Frees the name and ends everything that the project's accounts may do. */
  async delete(project: ProjectRow): Promise<void> {
    await this.#metadata.write(async (write) => {
      await markProjectDeleted(write, project.id, this.#now());
      await raisePolicyVersion(write);
    });
  }
}
