/** What everybody is told while this server's database does not answer. */
export const unreachableText = "the registry cannot reach its database, and decides nothing without it: try again soon";

/** It may be back at any moment, and another node may be better off. */
export const retryAfter = { "retry-after": "1" } as const;
