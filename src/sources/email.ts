// Safe in a file name, which it becomes part of; service accounts of Google's form fit.
const emailPattern = /^[a-z0-9][a-z0-9._%+-]*@[a-z0-9][a-z0-9.-]*$/i;
const emailCharactersMax = 200;

/** Does it look like a service account's name? */
export function isEmail(text: string): boolean {
  return text.length <= emailCharactersMax && emailPattern.test(text);
}
