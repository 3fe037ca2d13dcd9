import type { Command } from "../command.ts";

/** `waybill doctor` */
export const doctor: Command = {
  name: "doctor",
  summary: "find out why an image cannot be pulled or pushed",
  help: `
SYNOPSIS
    waybill doctor [--push] [--fix [--quiet]] [--format=json] HOST/PATH[:TAG|@DIGEST]
    waybill doctor [--fix] [--format=json] HOST

DESCRIPTION
    Walks from docker's configuration to the image, link by link: which file, which helper, is it on PATH and what does
    it answer, whose identity, which scopes, how long; proxy, authorities, name, connection, clock; the registry's
    challenge, the token it gives, and whether the image may be had. A broken link comes with what mends it. The helper
    is asked as docker asks it. Secrets are not shown, and are sent to the registry's own host only.

    ✓ is well, ! works but should be known, ✗ is broken, - could not be looked at.

OPTIONS
    --push         see also whether it may be pushed to: an upload is opened and given up
    --fix          mend what can be mended here: a misspelled host, a forgotten entry that holds a password, a JSON key
                   in docker's file (it moves to the helper); says first what it will do, and asks on a terminal
    -q, --quiet    do not ask
    --format=json  as data: {image, healthy, links: [{name, status, found, mend}]}

EXIT CODES
    0  nothing is broken
    1  something is

EXAMPLES
    waybill doctor gcr.io/my-project/my-image:1
`,
  options: {
    push: { type: "boolean" },
    fix: { type: "boolean" },
    quiet: { type: "boolean", short: "q" },
    format: { type: "string" },
  },
  choices: { format: ["json", "text"] },
  positionals: { name: "IMAGE", min: 1, max: 1 },
  load: () => import("./doctor.ts"),
};
