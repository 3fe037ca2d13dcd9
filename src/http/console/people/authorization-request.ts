import { challengeWellFormed } from "../../../identity/people/authorizations.ts";
import { findOAuthClient, isLoopbackRedirect, type OAuthClient } from "../../../identity/people/oauth-clients.ts";
import { parseScopes, type Scopes } from "../../../identity/scopes.ts";

/** A program's request to act for somebody (RFC 6749 section 4.1.1, RFC 7636). */
export interface AuthorizationRequest {
  readonly client: OAuthClient;
  readonly redirectUri: string;
  readonly scopes: Scopes;
  readonly state: string;
  readonly challenge: string;
}

export type ParsedAuthorization =
  | { readonly kind: "request"; readonly request: AuthorizationRequest }
  /** Whom the answer would go to is not known to be the program: only the person hears of it. */
  | { readonly kind: "page"; readonly message: string }
  /** The program hears of it. */
  | { readonly kind: "redirect"; readonly to: string };

const parameters = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
] as const;
const stateCharactersMax = 500;

/** Reads a request. The order is that of trust: first whom an answer would go to, then what is asked. */
export function parseAuthorization(query: URLSearchParams): ParsedAuthorization {
  if (parameters.some((name) => query.getAll(name).length > 1)) return page("It names something twice.");
  const client = findOAuthClient(query.get("client_id") ?? "");
  if (!client) return page("It comes from a program that is not known here.");
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!isLoopbackRedirect(redirectUri)) return page("It would send you to an address that is not of this machine.");
  const state = query.get("state") ?? "";
  const back = (error: string) => ({ kind: "redirect", to: answerTo(redirectUri, { error, state }) }) as const;
  if (state === "" || state.length > stateCharactersMax) return back("invalid_request");
  if (query.get("response_type") !== "code") return back("unsupported_response_type");
  const challenge = query.get("code_challenge") ?? "";
  const isS256 = query.get("code_challenge_method") === "S256" && challengeWellFormed.test(challenge);
  if (!isS256) return back("invalid_request");
  const scopes = parseScopes(query.get("scope") ?? "");
  if (!scopes || scopes.size === 0) return back("invalid_scope");
  return { kind: "request", request: { client, redirectUri, scopes, state, challenge } };
}

/** Where the browser is sent with the answer. */
export function answerTo(redirectUri: string, answer: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) if (value !== "") url.searchParams.set(name, value);
  return url.href;
}

function page(message: string): ParsedAuthorization {
  return { kind: "page", message };
}
