import type { Audit } from "../../audit/audit.ts";
import type { Caller } from "../../identity/caller.ts";
import type { Generation } from "../../storage/metadata/generation.ts";
import type { Doorkeeper, Readmission } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import type { Admission } from "./gate.ts";

/** Makes the answer anew from what is at hand; undefined where this request needs more than that. */
export type Again = (request: Request) => Response | undefined;

/** A request that may be answered from memory the next time. */
export interface Question {
  /**
   * Remembers the answer, where nothing but time and changes could make it another.
   *
   * @param bytes what `again` holds on to
   */
  keep(caller: Caller, admission: Admission, bytes: number, again: Again): void;
}

interface Answer {
  readonly location: string;
  readonly until: number;
  readonly readmission: Readmission;
  readonly use: Admission["use"];
  readonly again: Again;
}

/** Nothing is said from memory for longer, whatever else is known. */
const rememberMilliseconds = 1000;
const answersMax = 10_000;
/** Of answers and the credentials they are for. */
const bytesMax = 8 * 1024 * 1024;
/** What an answer takes beside its body, about: mostly its headers. */
const answerBytes = 2048;

/**
 * The answers of the last second to whoever asks the same with the same credential, for as long as nothing was committed: who is
 * asking, what they may and what lies there were all read from the database, and it says that it did not change
 * (docs/decisions/0020). What is counted at each request is counted here, too.
 */
export class RememberedAnswers {
  readonly #generation: Generation;
  readonly #doorkeeper: Doorkeeper;
  readonly #audit: Audit;
  readonly #now: () => number;
  /** By Authorization header, then by method and URL. */
  readonly #answers = new Map<string, Map<string, Answer>>();
  #validFor: number | undefined;
  #count = 0;
  #bytes = 0;

  constructor(generation: Generation, doorkeeper: Doorkeeper, audit: Audit, now: () => number) {
    this.#generation = generation;
    this.#doorkeeper = doorkeeper;
    this.#audit = audit;
    this.#now = now;
  }

  /** The answer, where it is known and still holds. What goes wrong here is told where it is asked anew. */
  find(request: Request, context: RequestContext): Response | undefined {
    try {
      return this.#find(request, context);
    } catch {
      return undefined;
    }
  }

  #find(request: Request, context: RequestContext): Response | undefined {
    const { headers } = request;
    const answer = this.#answers.get(headers.get("authorization") ?? "")?.get(keyOf(request));
    if (answer === undefined || answer.location !== context.location) return undefined;
    if (answer.until <= this.#now()) return undefined;
    if (this.#generation.now() !== this.#validFor) {
      this.#forget();
      return undefined;
    }
    const response = answer.again(request);
    // Too many requests are told so where the others are.
    if (response === undefined || !this.#doorkeeper.readmit(answer.readmission, context)) return undefined;
    this.#audit.again(answer.use);
    return response;
  }

  /** To be asked before anything is read for the answer; undefined where it is not to be remembered. */
  ask(request: Request, { location }: RequestContext): Question | undefined {
    const authorization = request.headers.get("authorization");
    const generation = this.#generation.now();
    if (authorization === null || generation === undefined || !reading.has(request.method)) return undefined;
    return {
      keep: (caller, { use, lasting }, bytes, again) => {
        const readmission = this.#doorkeeper.readmission(caller, authorization);
        if (!lasting || !readmission || this.#generation.now() !== generation) return;
        const until = Math.min(caller.expiresAt, this.#now() + rememberMilliseconds);
        this.#keep(generation, authorization, request, { location, until, readmission, use, again }, bytes);
      },
    };
  }

  #keep(generation: number, authorization: string, request: Request, answer: Answer, bytes: number): void {
    if (generation !== this.#validFor || this.#count >= answersMax || this.#bytes >= bytesMax) this.#forget();
    this.#validFor = generation;
    const known = this.#answers.get(authorization);
    const ofCredential = known ?? new Map<string, Answer>();
    if (!known) this.#answers.set(authorization, ofCredential);
    const key = keyOf(request);
    ofCredential.set(key, answer);
    this.#count++;
    this.#bytes += answerBytes + bytes + key.length + (known ? 0 : authorization.length);
  }

  #forget(): void {
    this.#answers.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

const reading: ReadonlySet<string> = new Set(["GET", "HEAD"]);

function keyOf({ method, url }: Request): string {
  return method === "GET" ? url : `${method} ${url}`;
}
