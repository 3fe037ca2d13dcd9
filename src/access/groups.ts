import { AdministrationError } from "../identity/administration-error.ts";
import { newUniqueId } from "../identity/unique-id.ts";
import { groupDepthMax } from "../storage/metadata/binding-reads.ts";
import {
  deleteGroupMember,
  findGroup,
  findGroupMember,
  type GroupMemberRow,
  type GroupRow,
  insertGroup,
  insertGroupMember,
  listGroupMembers,
  listGroups,
  listGroupsIn,
  listGroupsOf,
  markGroupDeleted,
  updateGroup,
} from "../storage/metadata/groups.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { MemberKey, Reader } from "../storage/metadata/schema.ts";
import { findMember, formatMember, parseMember } from "./member.ts";

/** What may be said of a group. */
export interface GroupDetails {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
}

/** A member under the name that people know. */
export interface GroupMember {
  readonly key: MemberKey;
  /** `user:EMAIL` */
  readonly name: string;
  readonly addedAt: number;
}

const email = /^[a-z0-9][a-z0-9._+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
const displayNameCharactersMax = 100;
const descriptionCharactersMax = 500;
/** Walking from group to group never looks at more than these at one level. */
const groupsPerLevelMax = 1000;

/** Groups: one name in a policy for many members. A change counts from the next request on. */
export class Groups {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Throws `invalid` or `already_exists`. */
  async create(address: string, details: GroupDetails): Promise<GroupRow> {
    const wanted = address.toLowerCase();
    if (!email.test(wanted)) {
      throw new AdministrationError("invalid", `"${address.slice(0, 80)}" cannot name a group: write NAME@DOMAIN.`);
    }
    requireDetails(details);
    const { displayName = "", description = "" } = details;
    const group: GroupRow = { id: newUniqueId(), email: wanted, displayName, description, createdAt: this.#now() };
    if (await this.#metadata.write((write) => insertGroup(write, group))) return group;
    throw new AdministrationError("already_exists", `Group ${wanted} already exists.`);
  }

  /** By e-mail or id. */
  async find(emailOrId: string): Promise<GroupRow | undefined> {
    return await findGroup(this.#metadata.read, emailOrId.toLowerCase());
  }

  async list(after: string, limit: number): Promise<GroupRow[]> {
    return await listGroups(this.#metadata.read, after, limit);
  }

  /** Throws `invalid`. */
  async update(group: GroupRow, details: GroupDetails): Promise<GroupRow> {
    requireDetails(details);
    const { displayName = group.displayName, description = group.description } = details;
    await this.#metadata.write((write) => updateGroup(write, group.id, { displayName, description }));
    return { ...group, displayName, description };
  }

  /** Whatever it was granted ends; a later group of that name inherits nothing. */
  async delete(group: GroupRow): Promise<void> {
    await this.#metadata.write(async (write) => {
      await markGroupDeleted(write, group.id, this.#now());
      await raisePolicyVersion(write);
    });
  }

  /** @param text as a policy names a member. Throws `invalid`, `already_exists`, and `failed_precondition` for a circle */
  async addMember(group: GroupRow, text: string): Promise<GroupMember> {
    return await this.#metadata.write(async (write) => {
      const key = await parseMember(write, text, this.#now());
      if (!canBeMember(key)) {
        throw new AdministrationError(
          "invalid",
          `${text} cannot be a member of a group: name users, accounts or groups.`,
        );
      }
      if (key.startsWith("group:")) await requireShallow(write, group, key.slice("group:".length));
      const addedAt = this.#now();
      if (!(await insertGroupMember(write, group.id, key, addedAt))) {
        throw new AdministrationError("already_exists", `${text} is a member of ${group.email} already.`);
      }
      await raisePolicyVersion(write);
      return { key, name: await formatMember(write, key), addedAt };
    });
  }

  /** False where it was no member. */
  async removeMember(group: GroupRow, key: MemberKey): Promise<boolean> {
    return await this.#metadata.write(async (write) => {
      const removed = await deleteGroupMember(write, group.id, key);
      if (removed) await raisePolicyVersion(write);
      return removed;
    });
  }

  /** @param text as a policy names a member. Throws `invalid` */
  async memberNamed(group: GroupRow, text: string): Promise<GroupMember | undefined> {
    const key = await findMember(this.#metadata.read, text);
    return key && (await this.membersAt(group, key))[0];
  }

  /** The one member of this key; none where it is not in the group. */
  async membersAt(group: GroupRow, key: MemberKey): Promise<GroupMember[]> {
    const row = await findGroupMember(this.#metadata.read, group.id, key);
    return row ? [{ key, name: await formatMember(this.#metadata.read, key), addedAt: row.addedAt }] : [];
  }

  async members(group: GroupRow, after: string, limit: number): Promise<GroupMember[]> {
    const { read } = this.#metadata;
    const rows: GroupMemberRow[] = await listGroupMembers(read, group.id, after, limit);
    return await Promise.all(
      rows.map(async ({ member, addedAt }) => ({ key: member, name: await formatMember(read, member), addedAt })),
    );
  }
}

function canBeMember(key: MemberKey): boolean {
  return /^(?:user|serviceAccount|group|principal|principalSet):/.test(key);
}

/** Throws `failed_precondition` where groups would lie in a circle, or deeper than decisions look. */
async function requireShallow(read: Reader, group: GroupRow, memberId: string): Promise<void> {
  const above = await depthOf([group.id], (ids) => listGroupsOf(read, ids.map(toKey)), memberId);
  const below = await depthOf([memberId], (ids) => listGroupsIn(read, ids), group.id);
  if (above !== undefined && below !== undefined && above + below <= groupDepthMax) return;
  throw new AdministrationError(
    "failed_precondition",
    above === undefined || below === undefined
      ? `${group.email} would be in itself.`
      : `Groups may be in each other ${groupDepthMax} deep at most.`,
  );
}

/** How many levels there are from here on, this one included; undefined where `forbidden` is one of them. */
async function depthOf(
  start: readonly string[],
  next: (ids: readonly string[]) => Promise<string[]>,
  forbidden: string,
): Promise<number | undefined> {
  let level = start;
  for (let depth = 0; ; depth++) {
    if (level.includes(forbidden)) return undefined;
    if (level.length === 0 || depth > groupDepthMax) return depth;
    if (level.length > groupsPerLevelMax) return groupDepthMax + 1;
    level = await next(level);
  }
}

function toKey(id: string): MemberKey {
  return `group:${id}`;
}

function requireDetails({ displayName = "", description = "" }: GroupDetails): void {
  if (displayName.length <= displayNameCharactersMax && description.length <= descriptionCharactersMax) return;
  const most = `${displayNameCharactersMax} characters at most, its description ${descriptionCharactersMax}`;
  throw new AdministrationError("invalid", `The name of a group may have ${most}.`);
}
