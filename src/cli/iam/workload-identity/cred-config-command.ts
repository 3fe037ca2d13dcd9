import type { Command } from "../../command.ts";

/** `waybill iam workload-identity-pools create-cred-config` */
export const createCredConfig: Command = {
  name: "create-cred-config",
  summary: "write a file from which others log in",
  help: `
SYNOPSIS
    waybill iam workload-identity-pools create-cred-config PROVIDER-NAME --output-file=FILE
        (--credential-source-file=PATH | --credential-source-url=URL | --executable-command=COMMAND)
        [--service-account=EMAIL [--service-account-token-lifetime-seconds=N]] [--server=URL] [--FLAG…]

DESCRIPTION
    Writes an external_account file. It holds no secret: it says where the workload's own token lies, and where it is
    exchanged. Name it in GOOGLE_APPLICATION_CREDENTIALS, or give it to \`gcloud auth login --cred-file\`.

OPTIONS
    PROVIDER-NAME        projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, as
                         \`providers describe\` shows it
    --output-file=FILE   where to write it
    --service-account=EMAIL
                         become this account, which must let the workload (roles/iam.workloadIdentityUser)
    --service-account-token-lifetime-seconds=N
                         how long its tokens live: 600 to 43200
    --credential-source-file=PATH
                         the workload's token is in this file
    --credential-source-url=URL
                         it is what this URL answers
    --credential-source-headers=NAME=VALUE,…
                         with these request headers
    --credential-source-type=text|json
                         the token alone (default), or JSON with it in a field
    --credential-source-field-name=NAME
                         the field
    --executable-command=COMMAND
                         it is what this program prints; the libraries want GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1
    --executable-timeout-millis=N
                         how long the program may take (default 30000)
    --executable-output-file=PATH
                         where it keeps what it printed
    --subject-token-type=TYPE
                         default urn:ietf:params:oauth:token-type:jwt
    --server=URL         the server (default: WAYBILL_SERVER, else the active account's)
`,
  options: {
    server: { type: "string" },
    "output-file": { type: "string" },
    "service-account": { type: "string" },
    "service-account-token-lifetime-seconds": { type: "string" },
    "credential-source-file": { type: "string" },
    "credential-source-url": { type: "string" },
    "credential-source-headers": { type: "string" },
    "credential-source-type": { type: "string" },
    "credential-source-field-name": { type: "string" },
    "executable-command": { type: "string" },
    "executable-timeout-millis": { type: "string" },
    "executable-output-file": { type: "string" },
    "subject-token-type": { type: "string" },
  },
  choices: { "credential-source-type": ["text", "json"] },
  positionals: { name: "PROVIDER-NAME", min: 1, max: 1 },
  load: async () => ({ run: (await import("./cred-config.ts")).create }),
};
