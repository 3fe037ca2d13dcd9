/** Where a sign-in may lead: pages of ours. */
const pages = /^\/(?:console\/|console$|authorize$|device$)/;
const home = "/console/";
const charactersMax = 4000;

/**
 * The address to go on to after signing in. Only a path of this server is taken, and only in the plainest spelling: what
 * browsers read as another host (`//host`, `/\host`, a tab in between), or decode later (`%5c`, `%2f`, `%2e`), leads home.
 */
export function ownPath(text: string | undefined): string {
  if (text === undefined || text.length > charactersMax || !/^[\x21-\x7e]+$/.test(text)) return home;
  const [path = "", ...query] = text.split("?");
  if (!pages.test(path) || path.includes("//") || /[\\#]/.test(text) || /%(?:2e|2f|5c)|\/\.{1,2}(?:\/|$)/i.test(path)) {
    return home;
  }
  return query.length > 0 ? `${path}?${query.join("?")}` : path;
}
