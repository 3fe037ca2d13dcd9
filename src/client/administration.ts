import type { Context } from "../sources/context.ts";
import { readBounded } from "../sources/context.ts";
import { Failure, messageOf, oneLine } from "../sources/failure.ts";
import type { Secret } from "../sources/secret.ts";
import { type Server, serverOf } from "../sources/server.ts";

/** Who speaks, and to which server. */
export type AdministrationCaller = { email: string; server: Server; accessToken: () => Promise<Secret> };

/** The server said no; `status` is its word for it: `PERMISSION_DENIED`, `ABORTED`. */
export class Refused extends Failure {
  readonly status: string;

  constructor(status: string, message: string, hint?: string) {
    super(message, hint);
    this.status = status;
  }
}

type Json = Record<string, unknown>;
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const answerMillisecondsMax = 30_000;
const answerBytesMax = 16 * 1024 * 1024;

/** A server's administration API, spoken to as a client: one request, one answer, failures as one line of text. */
export class Administration {
  readonly #caller: AdministrationCaller;
  readonly #fetch: Context["fetch"];

  /** Throws where a token would travel in clear. */
  constructor(caller: AdministrationCaller, fetch: Context["fetch"]) {
    serverOf(new URL(caller.server));
    this.#caller = caller;
    this.#fetch = fetch;
  }

  /** @param path made with `apiPath` */
  async call<Answer = Json>(method: Method, path: string, body?: object): Promise<Answer> {
    const { status, text } = await this.#send(method, path, body);
    const answer = parseObject(text);
    if (status === 200 && answer) return answer as Answer;
    throw this.#refusal(status, answer);
  }

  /** Every item of a listing, page by page. */
  async list<Item = Json>(path: string, field: string, query: Record<string, string> = {}): Promise<Item[]> {
    const items: Item[] = [];
    let token = "";
    do {
      const parameters = new URLSearchParams({ ...query, ...(token !== "" && { pageToken: token }) }).toString();
      const answer = await this.call("GET", parameters === "" ? path : `${path}?${parameters}`);
      items.push(...((answer[field] as Item[] | undefined) ?? []));
      token = typeof answer.nextPageToken === "string" ? answer.nextPageToken : "";
    } while (token !== "");
    return items;
  }

  async #send(method: Method, path: string, body: object | undefined): Promise<{ status: number; text: string }> {
    const { server, accessToken } = this.#caller;
    const headers = new Headers({ authorization: `Bearer ${(await accessToken()).reveal()}` });
    if (body) headers.set("content-type", "application/json");
    const request = new Request(`${server}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      // Followed by nobody: the token is for this server.
      redirect: "manual",
      signal: AbortSignal.timeout(answerMillisecondsMax),
    });
    try {
      const response = await this.#fetch(request);
      const text = response.body ? await readBounded(response.body, answerBytesMax) : "";
      return { status: response.status, text: text ?? "" };
    } catch (error) {
      throw new Failure(`${server} does not answer: ${messageOf(error)}`, "is it running, and --server its address?");
    }
  }

  #refusal(httpStatus: number, answer: Json | undefined): Refused {
    const { server, email } = this.#caller;
    const error = (answer?.error ?? {}) as { status?: unknown; message?: unknown };
    const message = typeof error.message === "string" ? oneLine(error.message) : undefined;
    if (message === undefined) {
      return new Refused(
        "UNKNOWN",
        `${server} answered with status ${httpStatus} and nothing else`,
        "is it a Waybill server?",
      );
    }
    switch (error.status) {
      case "UNAUTHENTICATED":
        return new Refused(
          error.status,
          `${server} does not believe ${email}: ${message}`,
          "which accounts are there: waybill auth list",
        );
      case "PERMISSION_DENIED":
        return new Refused(
          error.status,
          `${server} refused: ${message}`,
          `an owner can grant a role: waybill projects add-iam-policy-binding PROJECT --member=${memberIn(message) ?? `serviceAccount:${email}`} --role=ROLE`,
        );
      default:
        return new Refused(String(error.status), `${server} refused: ${message}`);
    }
  }
}

/** Whom the server took the caller for: here an account may have another name. */
function memberIn(message: string): string | undefined {
  return /\b(?:user|serviceAccount):[^\s"]+/.exec(message)?.[0];
}

/** A path of the API; what is put in becomes one part each, whatever characters it has. */
export function apiPath(literals: TemplateStringsArray, ...parts: string[]): string {
  return literals.map((literal, index) => literal + encodeURIComponent(parts[index] ?? "")).join("");
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
