import { readFileSync } from "node:fs";
import { Failure, messageOf } from "../../sources/failure.ts";
import { type Exchange, type Trace, traceFormat } from "./exchange.ts";

/** Reads a recording that `waybill trace --format=json` wrote. */
export function readTrace(path: string): Trace {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, "write one: waybill trace --format=json -- …");
  }
  const trace = (typeof value === "object" && value !== null ? value : {}) as Partial<Trace>;
  if (trace.format === traceFormat && Array.isArray(trace.exchanges) && trace.exchanges.every(isExchange))
    return trace as Trace;
  throw new Failure(`${path} is not a recording of ${traceFormat}`, "write one: waybill trace --format=json -- …");
}

function isExchange(value: unknown): value is Exchange {
  const exchange = (typeof value === "object" && value !== null ? value : {}) as Partial<Exchange>;
  return (
    typeof exchange.method === "string" &&
    /^[A-Z]{3,10}$/.test(exchange.method) &&
    typeof exchange.url === "string" &&
    URL.canParse(exchange.url) &&
    Number.isInteger(exchange.status) &&
    (exchange.requestBody === undefined || typeof exchange.requestBody === "string") &&
    isTexts(exchange.requestHeaders) &&
    isTexts(exchange.responseHeaders)
  );
}

function isTexts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}
