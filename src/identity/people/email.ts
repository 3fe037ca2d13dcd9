const emailCharactersMax = 254;

/** A person's e-mail address in the one spelling that is kept; undefined where the text is none. */
export function parseEmail(text: string): string | undefined {
  const email = text.trim().toLowerCase();
  return email.length <= emailCharactersMax && /^[^\s@:?"<>\p{Cc}]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/u.test(email)
    ? email
    : undefined;
}

/** What follows the @. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1);
}

/** Whether an e-mail looks like a service account's: nobody else may have it, whoever vouches for it. */
export function isUnderSuffix(email: string, accountDomain: string): boolean {
  const domain = domainOf(email);
  return domain === accountDomain || domain.endsWith(`.${accountDomain}`);
}
