import { Failure } from "./failure.ts";

/** Whoever waits for the helper waits for docker: after this there is an answer, whatever hangs. */
const deadlineMilliseconds = 10_000;
/** Requests end before, so that there is time to say which of them hung. */
const requestsEndMilliseconds = 9_000;

/** Runs `work` with a signal that ends its requests, and stops waiting for it at the deadline. */
export async function withDeadline<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const seconds = requestsEndMilliseconds / 1000;
  const soft = setTimeout(() => controller.abort(new Failure(`no answer in ${seconds} s`)), requestsEndMilliseconds);
  let hard: Timer | undefined;
  const expired = new Promise<never>((_, reject) => {
    hard = setTimeout(() => reject(new Failure(`${what}: no answer in time`)), deadlineMilliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(soft);
    clearTimeout(hard);
  }
}

/** A signal that ends with another one or after a time of its own, for one request. */
export function limited(signal: AbortSignal, milliseconds: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
}
