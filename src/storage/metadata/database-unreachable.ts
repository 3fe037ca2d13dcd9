/** The database does not answer: nothing can be decided, and nothing is. What was under way may or may not have happened. */
export class DatabaseUnreachableError extends Error {
  override name = "DatabaseUnreachableError";
  readonly code = "DATABASE_UNREACHABLE";

  constructor(cause?: unknown) {
    super("the database does not answer", { cause });
  }
}

/** Broken connections, a server that starts, stops or takes no more (PostgreSQL, appendix A: classes 08, 53 and 57). */
const codes = /^(?:E(?:CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN)|08...|53300|57P0[1-3])$/;
/** What the driver says without a code. */
const texts = /connection terminated|timeout exceeded when trying to connect|connection error|not queryable/i;

/** The same error, or one that says that the database does not answer. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof DatabaseUnreachableError || !(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  const isBroken = typeof code === "string" ? codes.test(code) : texts.test(error.message);
  return isBroken ? new DatabaseUnreachableError(error) : error;
}
