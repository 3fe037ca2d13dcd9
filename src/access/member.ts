import { AdministrationError } from "../identity/administration-error.ts";
import { newUniqueId } from "../identity/unique-id.ts";
import { findGroup, findGroupName } from "../storage/metadata/groups.ts";
import type { MemberKey, Reader, Writer } from "../storage/metadata/schema.ts";
import { findServiceAccount, findServiceAccountName } from "../storage/metadata/service-accounts.ts";
import { findUser, findUserName, insertUser } from "../storage/metadata/users.ts";

const everybody = ["allUsers", "allAuthenticatedUsers"] as const;
const nameCharactersMax = 512;
/** How `formatMember` writes one who was deleted, so that a policy that was read can be written back. */
const deleted = /^deleted:(user|serviceAccount|group):[^?]*\?uid=([0-9]{1,32})$/;
/** Whom a workload identity pool vouches for: one, or many. */
const federated = /^\/\/iam\.googleapis\.com\/projects\/[^\s]+$/;

/**
 * Reads a member as Google writes it and puts the immutable id in the place of an e-mail. A service account must
 * or a group must exist; a user may come later, and this is who they will be. Throws `invalid`.
 */
export async function parseMember(write: Writer, text: string, now: number): Promise<MemberKey> {
  const known = await findMember(write, text);
  if (known) return known;
  const email = emailOf(text);
  const id = newUniqueId();
  await insertUser(write, { id, email }, now);
  return `user:${id}`;
}

/** As `parseMember`, for whoever changes nothing: undefined for a user whom nobody has named before. */
export async function findMember(read: Reader, text: string): Promise<MemberKey | undefined> {
  for (const each of everybody) if (text === each) return each;
  const gone = deleted.exec(text);
  if (gone) return `${gone[1] as "user" | "serviceAccount" | "group"}:${gone[2]}`;
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (colon === -1 || name === "" || text.length > nameCharactersMax) throw unsupported(text);
  switch (kind) {
    case "serviceAccount":
      return await serviceAccountMember(read, name);
    case "user": {
      const user = await findUser(read, emailOf(text));
      return user && `user:${user.id}`;
    }
    case "group":
      return await groupMember(read, name.toLowerCase());
    case "domain":
      return domainMember(name.toLowerCase());
    case "principal":
    case "principalSet":
      if (!federated.test(name)) throw unsupported(text);
      return `${kind}:${name}`;
    default:
      throw unsupported(text);
  }
}

/** Writes a member as Google does; one who was deleted shows it, so that nobody takes a namesake for them. */
export async function formatMember(read: Reader, member: MemberKey): Promise<string> {
  const [kind, id = ""] = splitOnce(member);
  const find = namesOf[kind as keyof typeof namesOf];
  if (!find) return member;
  const row = await find(read, id);
  if (!row) return `deleted:${kind}:unknown?uid=${id}`;
  return row.deletedAt === null ? `${kind}:${row.email}` : `deleted:${kind}:${row.email}?uid=${id}`;
}

/** Members that are kept by id. */
const namesOf = { user: findUserName, serviceAccount: findServiceAccountName, group: findGroupName };

async function groupMember(read: Reader, email: string): Promise<MemberKey> {
  const group = email.includes("@") ? await findGroup(read, email) : undefined;
  if (!group) throw new AdministrationError("invalid", `Group ${email} does not exist.`);
  return `group:${group.id}`;
}

function domainMember(domain: string): MemberKey {
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(domain)) return `domain:${domain}`;
  throw new AdministrationError("invalid", `"${domain}" is not a domain.`);
}

async function serviceAccountMember(read: Reader, email: string): Promise<MemberKey> {
  const account = await findServiceAccount(read, email.toLowerCase());
  if (!account) throw new AdministrationError("invalid", `Service account ${email} does not exist.`);
  return `serviceAccount:${account.id}`;
}

/** Of `user:EMAIL`. */
function emailOf(text: string): string {
  const email = text.slice("user:".length).toLowerCase();
  if (/^[^\s@:]+@[^\s@:]+$/.test(email)) return email;
  throw new AdministrationError("invalid", `"${email}" is not an e-mail address.`);
}

function splitOnce(text: string): [string, string?] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function unsupported(text: string): AdministrationError {
  return new AdministrationError(
    "invalid",
    `The member "${text.slice(0, 80)}" is of an unknown type: write user:, serviceAccount:, group:, domain:, principal:, principalSet:, allUsers or allAuthenticatedUsers.`,
  );
}
