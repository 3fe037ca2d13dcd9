import { nearMatch } from "../../config/near-match.ts";
import type { Settings } from "../../sources/settings.ts";
import { UsageError } from "../command.ts";
import { type Key, keys, parsePattern } from "./keys.ts";

type Json = Record<string, unknown>;

/** The setting of this name. */
export function keyNamed(name: string, host: string | undefined): Key {
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (key === undefined) {
    const near = nearMatch(name, Object.keys(keys));
    throw new UsageError(`there is no setting ${JSON.stringify(name)}`, near && `did you mean ${near}?`);
  }
  if (host !== undefined && !key.isOfHost) throw new UsageError(`${name} holds for every host, so --host says nothing`);
  return key;
}

/** What is set, or undefined. */
export function readValue(settings: Settings, key: Key, host: string | undefined): unknown {
  let value: unknown = placeOf(settings, key, host);
  for (const name of key.path) value = (value as Json | undefined)?.[name];
  return value;
}

/** Sets a value; undefined takes it away. */
export function writeValue(settings: Settings, key: Key, host: string | undefined, value: unknown): void {
  const place = placeOf(settings, key, host);
  const [first = "", second] = key.path;
  if (second === undefined) assign(place, first, value);
  else place[first] = filled(assign({ ...((place[first] as Json | undefined) ?? {}) }, second, value));
  if (key.path[0] === "googleHosts") settings.googleHosts = (value as string[] | undefined) ?? [];
}

function placeOf(settings: Settings, key: Key, host: string | undefined): Json {
  if (!key.isOfHost) return settings.whole;
  if (host === undefined) return settings.defaults as Json;
  const pattern = parsePattern(host);
  const rule = settings.hosts.get(pattern) ?? {};
  settings.hosts.set(pattern, rule);
  return rule as Json;
}

function assign(place: Json, name: string, value: unknown): Json {
  if (value === undefined) delete place[name];
  else place[name] = value;
  return place;
}

function filled(place: Json): Json | undefined {
  return Object.keys(place).length > 0 ? place : undefined;
}

/** A value as it is typed. */
export function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
