import type { Command } from "../command.ts";

/** `waybill trace` */
export const trace: Command = {
  name: "trace",
  summary: "record what a command says to its registry, without its secrets",
  help: `
SYNOPSIS
    waybill trace [--format=json] [--output=FILE] [--way=name|proxy] [--bodies] -- COMMAND [ARGUMENT…]
    waybill trace replay FILE --server=URL [--writes] [--format=json]

DESCRIPTION
    Runs the command with a listener of our own between it and the registry, and shows every request: method, address,
    status, sizes, times, and what a refusal said. Tokens, keys, passwords and cookies are left out always. The exit
    code is the command's. There are two ways to step in between:

    name   The registry's name in the arguments is replaced by 127.0.0.1:PORT, and the credentials for it are found
           there too. For docker, whose engine makes the connections (it must run on this machine; the image is then
           also known under that name), and for every registry on this machine. podman, skopeo and buildah want
           --tls-verify=false for it. What docker build finds in a Dockerfile is not seen.
    proxy  HTTP_PROXY and HTTPS_PROXY name a proxy that shows certificates of an authority made for this run, which
           the command trusts through SSL_CERT_FILE. For podman, skopeo, buildah, crane, curl and all that heed these
           variables, and registries elsewhere. A helper's requests for tokens are seen as well.

    A token service at a host of its own is seen by the second way only.

    replay makes the requests of a recording again, to another server and with this machine's credentials for it,
    compares statuses and headers, and exits 1 where they differ. A pull is replayed whole; of a push only what reads,
    unless it was recorded with --bodies and is replayed with --writes. Nothing is ever deleted.

OPTIONS
    --format=json     a recording that can be replayed, on standard output (the command's own goes to standard error)
    --output=FILE     the recording goes to FILE, readable by you only, and the table is shown all the same
    --bodies          the parts of images that the command pushes are in the recording too, up to 4 MiB each: then a
                      push can be replayed. Who gets the recording gets the image
    --way=name|proxy  how (default: name for docker and for registries on this machine, else proxy)
    --server=URL      the server to replay against
    --writes          push there what the recording pushed

EXAMPLES
    waybill trace -- docker pull gcr.io/my-project/my-image
    waybill trace --format=json -- skopeo inspect docker://gcr.io/my-project/my-image > trace.json
    waybill trace replay trace.json --server=http://localhost:5000
    waybill trace --bodies --output=push.json -- skopeo copy oci:image docker://localhost:5000/my-project/my-image:1
`,
  options: {
    format: { type: "string" },
    output: { type: "string" },
    way: { type: "string" },
    server: { type: "string" },
    bodies: { type: "boolean" },
    writes: { type: "boolean" },
  },
  choices: { format: ["json", "table"], way: ["name", "proxy"] },
  positionals: { name: "COMMAND", min: 1, max: Number.POSITIVE_INFINITY },
  load: () => import("./trace.ts"),
};
