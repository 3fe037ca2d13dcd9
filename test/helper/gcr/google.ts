// A stand-in for Google's sign-in and its token endpoint, on loopback, and the setting that leads to it.
import type { Home } from "../home.ts";

export type TokenRequest = Record<string, string>;

/** A program that somebody registered there. */
export const googleClient = { id: "1-x.apps.googleusercontent.com", secret: "not-so-secret" };

export class Google implements Disposable {
  readonly #server: Bun.Server<undefined>;
  /** The forms that the token endpoint was sent. */
  readonly requests: TokenRequest[] = [];
  /** What it answers; a function may take its time. */
  answer: (form: TokenRequest) => Response | Promise<Response> = () => this.token("fresh");

  constructor() {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        if (new URL(request.url).pathname !== "/token") return new Response("not here", { status: 404 });
        const form = Object.fromEntries(new URLSearchParams(await request.text()));
        this.requests.push(form);
        return await this.answer(form);
      },
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  token(name: string, fields: Record<string, unknown> = {}): Response {
    return Response.json({ access_token: name, token_type: "Bearer", expires_in: 3599, ...fields });
  }

  refuse(fields: Record<string, unknown>, status = 400): Response {
    return Response.json(fields, { status });
  }

  /** Leads a home's programs here instead of to Google. */
  replaceIn(home: Home): void {
    const endpoints = { "https://oauth2.googleapis.com": this.origin, "https://accounts.google.com": this.origin };
    home.write(".config/waybill/settings.json", JSON.stringify({ endpoints, googleClient }));
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}
