// Safe in a file name, which it becomes part of; service accounts of Google's form fit.
// The last part tells one person's accounts at two servers apart: me@example.com@registry.example.com.
const emailPattern = /^[a-z0-9][a-z0-9._%+-]*@[a-z0-9][a-z0-9.-]*(?:@[a-z0-9][a-z0-9._-]*)?$/i;
const emailCharactersMax = 200;

/** Does it look like an account's name? */
export function isEmail(text: string): boolean {
  return text.length <= emailCharactersMax && emailPattern.test(text);
}
