import { AdministrationError } from "../identity/administration-error.ts";
import { newUniqueId } from "../identity/unique-id.ts";
import type { MemberKey, Reader, Writer } from "../storage/metadata/schema.ts";
import { findServiceAccount, findServiceAccountName } from "../storage/metadata/service-accounts.ts";
import { findUser, findUserName, insertUser } from "../storage/metadata/users.ts";

const everybody = ["allUsers", "allAuthenticatedUsers"] as const;
const nameCharactersMax = 512;
/** How `formatMember` writes one who was deleted, so that a policy that was read can be written back. */
const deleted = /^deleted:(user|serviceAccount):[^?]*\?uid=([0-9]{1,32})$/;

/**
 * Reads a member as Google writes it and puts the immutable id in the place of an e-mail. A service account must
 * exist; a user may come later, and this is who they will be. Throws `invalid`.
 */
export async function parseMember(write: Writer, text: string, now: number): Promise<MemberKey> {
  for (const each of everybody) if (text === each) return each;
  const gone = deleted.exec(text);
  if (gone) return `${gone[1] as "user" | "serviceAccount"}:${gone[2]}`;
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (colon === -1 || name === "" || text.length > nameCharactersMax) throw unsupported(text);
  switch (kind) {
    case "serviceAccount":
      return await serviceAccountMember(write, name);
    case "user":
      return await userMember(write, name.toLowerCase(), now);
    case "group":
    case "domain":
      return `${kind}:${name.toLowerCase()}`;
    case "principal":
    case "principalSet":
      return `${kind}:${name}`;
    default:
      throw unsupported(text);
  }
}

/** Writes a member as Google does; one who was deleted shows it, so that nobody takes a namesake for them. */
export async function formatMember(read: Reader, member: MemberKey): Promise<string> {
  const [kind, id = ""] = splitOnce(member);
  if (kind !== "serviceAccount" && kind !== "user") return member;
  const row = kind === "user" ? await findUserName(read, id) : await findServiceAccountName(read, id);
  if (!row) return `deleted:${kind}:unknown?uid=${id}`;
  return row.deletedAt === null ? `${kind}:${row.email}` : `deleted:${kind}:${row.email}?uid=${id}`;
}

async function serviceAccountMember(write: Writer, email: string): Promise<MemberKey> {
  const account = await findServiceAccount(write, email.toLowerCase());
  if (!account) throw new AdministrationError("invalid", `Service account ${email} does not exist.`);
  return `serviceAccount:${account.id}`;
}

async function userMember(write: Writer, email: string, now: number): Promise<MemberKey> {
  if (!/^[^\s@:]+@[^\s@:]+$/.test(email))
    throw new AdministrationError("invalid", `"${email}" is not an e-mail address.`);
  const known = await findUser(write, email);
  if (known) return `user:${known.id}`;
  const id = newUniqueId();
  await insertUser(write, { id, email }, now);
  return `user:${id}`;
}

function splitOnce(text: string): [string, string?] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function unsupported(text: string): AdministrationError {
  return new AdministrationError(
    "invalid",
    `The member "${text.slice(0, 80)}" is of an unknown type: write user:, serviceAccount:, group:, domain:, allUsers or allAuthenticatedUsers.`,
  );
}
