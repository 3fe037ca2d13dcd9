import type { Command } from "../command.ts";

/** `waybill docker …` */
export const docker: Command = {
  name: "docker",
  summary: "run docker with a fresh access token",
  help: `
SYNOPSIS
    waybill docker [--server=HOST,…] [--docker-host=URL] -- ARGUMENT…
    waybill docker -a [--server=HOST,…]

DESCRIPTION
    Gets an access token for the active account (or the key file that WAYBILL_KEY_FILE names), puts it where docker
    looks for credentials, and becomes docker with the arguments after --. A host that docker asks
    docker-credential-waybill for needs nothing: that helper answers with a fresh token itself.

OPTIONS
    -a, --authorize-only  only put the token there; do not run docker
    --server=HOST,…       registry hosts (default: those of the account)
    --docker-host=URL     the Docker engine to speak to, as in docker -H URL

EXAMPLES
    waybill docker -- push localhost:5000/my-project/my-image
`,
  options: {
    "authorize-only": { type: "boolean", short: "a" },
    server: { type: "string" },
    "docker-host": { type: "string" },
  },
  positionals: { name: "docker's arguments", min: 0, max: Number.POSITIVE_INFINITY },
  load: () => import("./docker.ts"),
};
