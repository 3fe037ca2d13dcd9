/** A program that asks people to let it act for them. */
export interface OAuthClient {
  readonly id: string;
  /** For the page that asks. */
  readonly name: string;
}

/** Nobody else is known: a program of somebody's own uses a service account. */
const clients: ReadonlyMap<string, OAuthClient> = new Map([
  ["waybill", { id: "waybill", name: "the waybill command and its Docker credential helper" }],
]);

export function findOAuthClient(id: string): OAuthClient | undefined {
  return clients.get(id);
}

/**
 * A port of the person's own machine, on any port (RFC 8252 section 7.3), and nothing else: compared as text, so that no two
 * readers of URLs can disagree about it. `localhost` could be somebody else's.
 */
const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::[1-9][0-9]{0,4})?\/?$/;

export function isLoopbackRedirect(uri: string): boolean {
  return loopback.test(uri);
}
