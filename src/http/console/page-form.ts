import { readForm } from "../token/form.ts";
import { isCsrfToken } from "./csrf.ts";

/** A form that does not come from one of our own pages. */
export class ForeignFormError extends Error {
  constructor() {
    super("This form did not come from this page, or the page is too old. Load it again.");
    this.name = "ForeignFormError";
  }
}

/**
 * Reads a form that one of our pages sent (field `csrf`). A browser also says which site a request comes from; one that says
 * another is refused whatever the form holds.
 *
 * @param credential the cookie that the page's token was made for
 */
export async function readPageForm(request: Request, credential: string, origin: string): Promise<URLSearchParams> {
  const site = request.headers.get("sec-fetch-site");
  const from = request.headers.get("origin");
  if (site !== null && site !== "same-origin") throw new ForeignFormError();
  if (from !== null && from !== origin) throw new ForeignFormError();
  const form = await readForm(request);
  if (credential === "" || !isCsrfToken(form.get("csrf") ?? "", credential)) throw new ForeignFormError();
  return form;
}
