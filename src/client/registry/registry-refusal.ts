import { readBounded } from "../../sources/context.ts";
import { Failure, oneLine } from "../../sources/failure.ts";

const answerBytesMax = 64 * 1024;

/** A registry said no: its status, and the code and message of distribution-spec's Error Codes where it gave them. */
export class RegistryRefusal extends Failure {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, code: string | undefined, message: string, hint?: string) {
    super(message, hint);
    this.status = status;
    this.code = code;
  }
}

/** No answer came: nobody was there, or the connection broke. Asking again may help. */
export class RegistryUnreachable extends Failure {}

/** Reads what an answer says against a request. */
export async function refusalOf(host: string, what: string, answer: Response): Promise<RegistryRefusal> {
  const text = answer.body ? ((await readBounded(answer.body, answerBytesMax)) ?? "") : "";
  const { code, message } = firstError(text);
  const said = message ?? code ?? `status ${answer.status}`;
  const hint = answer.status === 401 ? `whose token does it get? waybill doctor ${host}` : undefined;
  return new RegistryRefusal(answer.status, code, `${host} refused ${what}: ${oneLine(said).slice(0, 500)}`, hint);
}

function firstError(text: string): { code?: string; message?: string } {
  try {
    const { errors, details } = JSON.parse(text) as { errors?: unknown; details?: unknown };
    const [{ code, message } = {}] = (Array.isArray(errors) ? errors : []) as { code?: unknown; message?: unknown }[];
    return {
      ...(typeof code === "string" && { code }),
      ...([message, details].find((each) => typeof each === "string" && each !== "") !== undefined && {
        message: String(message || details),
      }),
    };
  } catch {
    return {};
  }
}
