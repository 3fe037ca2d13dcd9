import { randomBytes } from "node:crypto";
import {
  type ConstraintRow,
  listConstraints,
  markConstraint,
  putConstraint,
  removeConstraint,
} from "../storage/metadata/constraints.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Reader, ResourceKey } from "../storage/metadata/schema.ts";
import { AdministrationError } from "./administration-error.ts";

/** A switch that the installation's owners set over everybody, under Google's name where Google has it. */
export interface Constraint {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** `hours`: a limit like `24h`. */
  readonly kind: "boolean" | "hours";
}

export const publicAccessPrevention = "storage.publicAccessPrevention";
const noKeyCreation = "iam.disableServiceAccountKeyCreation";
const noKeyUpload = "iam.disableServiceAccountKeyUpload";
const keyExpiry = "iam.serviceAccountKeyExpiryHours";
export const noKeyAsPassword = "iam.noKeyAsPassword";
const keyHoursMax = 24 * 366;
const hourMilliseconds = 60 * 60 * 1000;

export const constraints: readonly Constraint[] = [
  {
    name: noKeyCreation,
    displayName: "No keys of service accounts",
    description: "No key file is made: programs prove who they are by workload identity or a metadata server.",
    kind: "boolean",
  },
  {
    name: noKeyUpload,
    displayName: "No uploaded keys",
    description: "No key that was made elsewhere is registered.",
    kind: "boolean",
  },
  {
    name: noKeyAsPassword,
    displayName: "No keys as passwords",
    description: "docker login -u _json_key is refused: the key stays with the program that signs with it.",
    kind: "boolean",
  },
  {
    name: keyExpiry,
    displayName: "Hours that a key lives",
    description: "A key made from now on ends after so many hours. Those that are there stay as they are.",
    kind: "hours",
  },
  {
    name: publicAccessPrevention,
    displayName: "Nothing open to everybody",
    description: "allUsers and allAuthenticatedUsers cannot be granted anything; what they have does not count.",
    kind: "boolean",
  },
];

/** What the constraints come to for a project, or for the installation itself. */
export interface Constrained {
  readonly keyCreationDisabled: boolean;
  readonly keyUploadDisabled: boolean;
  readonly keyAsPasswordDisabled: boolean;
  readonly publicAccessPrevented: boolean;
  /** Milliseconds; undefined for no limit. */
  readonly keyLifetimeMax: number | undefined;
}

/** A project's own word counts before the installation's. */
export async function constraintsOn(read: Reader, projectId: string | undefined): Promise<Constrained> {
  const rows = await listConstraints(read, keysOf(projectId));
  const of = (name: string) => {
    const named = rows.filter((row) => row.name === name);
    return (named.find(({ resource }) => resource !== "installation") ?? named[0])?.value ?? "";
  };
  const hours = Number.parseInt(of(keyExpiry), 10);
  return {
    keyCreationDisabled: of(noKeyCreation) === "true",
    keyUploadDisabled: of(noKeyUpload) === "true",
    keyAsPasswordDisabled: of(noKeyAsPassword) === "true",
    publicAccessPrevented: of(publicAccessPrevention) === "true",
    keyLifetimeMax: Number.isNaN(hours) ? undefined : hours * hourMilliseconds,
  };
}

/** The constraints of an installation and of its projects, as they are set. */
export class Constraints {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Those that are set on this very resource. */
  async list(resource: ResourceKey): Promise<ConstraintRow[]> {
    return await listConstraints(this.#metadata.read, [resource]);
  }

  async find(resource: ResourceKey, name: string): Promise<ConstraintRow | undefined> {
    return (await listConstraints(this.#metadata.read, [resource], name))[0];
  }

  /** What counts on a resource: its own word, else the installation's. */
  async effective(resource: ResourceKey, name: string): Promise<ConstraintRow | undefined> {
    return (await this.find(resource, name)) ?? (await this.find("installation", name));
  }

  /**
   * @param value `true` or `false`, or a limit like `24h`
   * @param etag only while it is as it was when it carried this. Throws `invalid` and `conflict`
   */
  async set(resource: ResourceKey, name: string, value: string, etag?: string): Promise<ConstraintRow> {
    const constraint = requireConstraint(name);
    requireValue(constraint, value);
    return await this.#metadata.write(async (write) => {
      const [current] = await listConstraints(write, [resource], name);
      if (etag !== undefined && etag !== (current?.etag ?? "")) {
        throw new AdministrationError("conflict", `The constraint ${name} was changed meanwhile: read it again.`);
      }
      const row = { resource, name, value, etag: randomBytes(8).toString("base64"), updatedAt: this.#now() };
      await putConstraint(write, row);
      if (name === publicAccessPrevention) {
        await markConstraint(write, resource, name, value === "true" ? "on" : "off");
      }
      await raisePolicyVersion(write);
      return row;
    });
  }

  /** From now on what is above counts again. */
  async reset(resource: ResourceKey, name: string): Promise<void> {
    requireConstraint(name);
    await this.#metadata.write(async (write) => {
      await removeConstraint(write, resource, name);
      if (name === publicAccessPrevention) await markConstraint(write, resource, name, "unset");
      await raisePolicyVersion(write);
    });
  }
}

/** By its name, with or without `constraints/` before it. Throws `invalid`. */
export function requireConstraint(name: string): Constraint {
  const constraint = constraints.find((each) => each.name === name);
  if (constraint) return constraint;
  const known = constraints.map((each) => each.name).join(", ");
  throw new AdministrationError("invalid", `There is no constraint ${name.slice(0, 80)}: there are ${known}.`);
}

function requireValue({ kind, name }: Constraint, value: string): void {
  if (kind === "boolean" && (value === "true" || value === "false")) return;
  const hours = /^([0-9]{1,5})h$/.exec(value);
  if (kind === "hours" && hours && Number(hours[1]) >= 1 && Number(hours[1]) <= keyHoursMax) return;
  const wanted = kind === "boolean" ? "is enforced or not" : `takes one value of 1h to ${keyHoursMax}h`;
  throw new AdministrationError("invalid", `The constraint ${name} ${wanted}.`);
}

function keysOf(projectId: string | undefined): ResourceKey[] {
  return projectId === undefined ? ["installation"] : ["installation", `project/${projectId}`];
}
