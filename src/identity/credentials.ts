import { IdentityError } from "./identity-error.ts";

/** What an Authorization header brings. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

const none: Credentials = { kind: "none" };
/** A key file in base64 inside a Basic header, which is base64 again. */
const headerCharactersMax = 48 * 1024;

/**
 * Reads an Authorization header (RFC 9110 section 11.6.2). An empty user name with an empty password is nobody:
 * skopeo sends it when its helper found nothing. Throws `malformed`.
 */
export function parseAuthorization(header: string | null | undefined): Credentials {
  if (!header) return none;
  if (header.length > headerCharactersMax) throw malformed("the Authorization header is too large");
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space === -1 ? undefined : space).toLowerCase();
  const value = space === -1 ? "" : header.slice(space + 1).trim();
  if (scheme === "bearer" && value !== "") return { kind: "bearer", token: value };
  if (scheme === "basic") return parseBasic(value);
  throw malformed("the Authorization header must be Basic or Bearer");
}

/** RFC 7617: the first colon ends the user name; a password may hold more of them, and line breaks. */
function parseBasic(value: string): Credentials {
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon === -1) throw malformed("the Basic credentials have no colon");
  return basicCredentials(text.slice(0, colon), text.slice(colon + 1));
}

/** User name and password as credentials; both empty are none. */
export function basicCredentials(username: string, password: string): Credentials {
  return username === "" && password === "" ? none : { kind: "basic", username, password };
}

function malformed(message: string): IdentityError {
  return new IdentityError("malformed", message);
}
