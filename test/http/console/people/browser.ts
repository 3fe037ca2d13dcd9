import { origin, type TestServer } from "../../../server.ts";

/** A browser without scripts: it keeps cookies, and sends the forms that it was shown. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #server: Pick<TestServer, "fetch">;
  readonly #origin: string;
  page = "";

  constructor(server: Pick<TestServer, "fetch">, at = origin) {
    this.#server = server;
    this.#origin = at;
  }

  /** Asks for an address; redirects are not followed. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) headers.set("cookie", [...this.cookies].map((pair) => pair.join("=")).join("; "));
    const answer = await this.#server.fetch(`${this.#origin}${path}`, { ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  async open(path: string): Promise<Response> {
    const answer = await this.send(path);
    this.page = await answer.clone().text();
    return answer;
  }

  /** Sends the form of the page that goes to an address, with what was typed; hidden fields go along. */
  async submit(action: string, typed: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const form = this.forms().get(action);
    if (!form) throw new Error(`the page has no form for ${action}: ${this.page}`);
    return await this.post(action, { ...form, ...typed }, headers);
  }

  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await this.send(path, { method: "POST", body: new URLSearchParams(fields), headers });
    if (answer.headers.get("content-type")?.startsWith("text/html")) this.page = await answer.clone().text();
    return answer;
  }

  /** The hidden fields of each form on the page, by where the form goes. */
  forms(): Map<string, Record<string, string>> {
    const forms = this.page.matchAll(/<form[^>]* action="([^"]*)"[^>]*>(.*?)<\/form>/gs);
    return new Map(
      [...forms].map(([, action = "", body = ""]) => {
        const fields = [...body.matchAll(/<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g)];
        return [
          unescaped(action),
          Object.fromEntries(fields.map(([, name = "", value = ""]) => [name, unescaped(value)])),
        ];
      }),
    );
  }
}

function unescaped(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
