import type { Command } from "../command.ts";

/** `waybill metadata-server` */
export const metadataServer: Command = {
  name: "metadata-server",
  summary: "give the containers and tools of this host an identity, with no key on their disks",
  help: `
SYNOPSIS
    waybill metadata-server --listen=ADDRESS:PORT [--listen=…] [--service-account=EMAIL] [--scopes=SCOPE,…]
        [--host=NAME] [--project=PROJECT] [--key-file=FILE | --account=EMAIL]

DESCRIPTION
    Answers as a virtual machine's metadata server does: gcloud and Google's libraries get tokens of one account from
    it, for the scopes given here and no wider ones. The tokens are made with your own identity, which no workload
    sees. Clients find it by GCE_METADATA_ROOT (gcloud) and GCE_METADATA_HOST (libraries, docker-credential-waybill; for
    Python GCE_METADATA_IP too), all ADDRESS:PORT.

    Whoever reaches a listener gets tokens, so each listener is in one network and none in all. Answers go one hop;
    requests that came through a proxy, that ask by a foreign name or lack the header Metadata-Flavor: Google are
    refused. Every request is logged with its address on standard error. "ready: http://ADDRESS:PORT" appears on
    standard output for each listener.

OPTIONS
    --listen=ADDRESS:PORT    an address of this host in one container network; once for each of them
    --service-account=EMAIL  whose tokens (default: your own account); another's needs
                             roles/iam.serviceAccountTokenCreator on it
    --scopes=SCOPE,…         what they may be used for (default devstorage.read_only: pulling)
    --host=NAME              another name that workloads call it by; may be repeated
    --project=PROJECT        the project that is told (default: the account's)
    --key-file=FILE          be the account of this JSON key (default: WAYBILL_KEY_FILE, else the active account)
    --account=EMAIL          be this account of this machine

EXAMPLES
    waybill metadata-server --listen=172.17.0.1:8091 --service-account=instance@my-project.iam.waybill.internal
    docker run -e GCE_METADATA_HOST=172.17.0.1:8091 IMAGE
`,
  options: {
    listen: { type: "string", multiple: true },
    host: { type: "string", multiple: true },
    "service-account": { type: "string" },
    scopes: { type: "string" },
    project: { type: "string" },
    "key-file": { type: "string" },
    account: { type: "string" },
  },
  load: () => import("./metadata-server.ts"),
};
