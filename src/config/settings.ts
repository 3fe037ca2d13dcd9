// Every setting of `waybill serve`: its name, its check, its default, its documentation. From these come its flag, its
// variable, its line in the file, the help and docs/configuration.md. A new setting is one entry here.
import { z } from "zod";
import { wrongBlobsAddress } from "../storage/blobs/s3-address.ts";
import { wrongDatabaseUrl } from "../storage/metadata/database-url.ts";
import { flag, listOf, secret, wholeNumber } from "./setting-kinds.ts";

const hostName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/, "is not a host name, or not one in lower case");
const path = z.string().min(1);

const storage = {
  data: path.default("./waybill-data").describe("folder for database, blobs and keys"),
  database: secret(z.string().superRefine(refuseBadDatabase))
    .optional()
    .describe("postgres://USER:PASSWORD@HOST:PORT/NAME, in place of the data folder's own database"),
  blobs: z
    .string()
    .min(1)
    .superRefine(refuseBadBlobs)
    .optional()
    .describe("where the bytes of blobs lie: another folder, or s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME"),
  "blobs-credentials": path
    .optional()
    .describe("file with S3 credentials in the form of ~/.aws/credentials; default: AWS_ACCESS_KEY_ID and its like"),
  "redirect-blobs": flag()
    .default(false)
    .describe(
      "send clients to S3 for blobs, with URLs that are good for a minute; otherwise the bytes pass through here",
    ),
  "read-only": flag().default(false).describe("answer pulls only: nothing is pushed, deleted or administered"),
};

const addresses = {
  listen: z
    .string()
    .regex(/^.+:[0-9]{1,5}$/, "is not HOST:PORT")
    .default("localhost:5000")
    .describe("HOST:PORT; port 0 picks a free one"),
  hosts: listOf(hostName).describe("host names that clients use, each a storage location of its own: gcr.io,eu.gcr.io"),
  "public-url": z
    .url({ protocol: /^https?$/ })
    .transform((text) => new URL(text).origin)
    .optional()
    .describe("the URL that clients use, where a proxy stands before this server"),
  "trusted-proxies": listOf(z.string()).describe("CIDR,… of proxies whose X-Forwarded-* headers are believed"),
  "client-certificates": flag()
    .default(false)
    .describe("believe the trusted proxies' Client-Cert header: tokens can be bound to certificates"),
  "tls-cert": listOf(path).describe(
    "PEM file with the certificate chain; several for several names, each shown to clients that ask for one of its names",
  ),
  "tls-key": listOf(path).describe("PEM file with the certificate's private key; as many as there are certificates"),
  http2: flag().default(false).describe("speak HTTP/2, too; the runtime calls it experimental"),
};

const limits = {
  "drain-seconds": wholeNumber(0, 3600)
    .default(10)
    .describe("seconds that requests in flight may take to finish after SIGTERM"),
  "stall-timeout": wholeNumber(8, 255)
    .default(60)
    .describe("seconds after which a client that sends nothing in the middle of a body is cut (8 to 255)"),
  "anonymous-rate": wholeNumber(1, 1_000_000)
    .default(50)
    .describe("requests per second without credentials, or with bad ones, that one address may make"),
  "principal-rate": wholeNumber(1, 1_000_000).default(2000).describe("requests per second that one account may make"),
};

const upkeep = {
  "garbage-grace-hours": wholeNumber(1, 8760)
    .default(24)
    .describe("hours that blobs are kept which no manifest names, before they are removed"),
  "scrub-days": wholeNumber(1, 3650)
    .default(30)
    .describe("days within which every stored blob is read again and compared with its digest"),
  "audit-days": wholeNumber(1, 3650)
    .default(400)
    .describe("days that the audit log is kept; older segments are dropped, their signed checkpoints are not"),
  "signing-key-days": wholeNumber(1, 3650)
    .default(90)
    .describe("days after which the keys that tokens are signed with are rotated"),
};

const outside = {
  "upstream-tag-seconds": wholeNumber(0, 86_400)
    .default(300)
    .describe("seconds for which a cache believes a tag before it asks the upstream again"),
  "private-upstreams": listOf(hostName).describe(
    "HOST[:PORT],… of upstreams that may lie in a private network, or on this machine",
  ),
  webhooks: path
    .optional()
    .describe(
      "YAML file with the receivers that are told of pushes and deletions: name, url, secret-file, events, projects",
    ),
  "private-webhooks": listOf(hostName).describe(
    "HOST[:PORT],… of receivers that may lie in a private network, or on this machine, and be told over plain HTTP",
  ),
  "private-issuers": listOf(hostName).describe(
    "HOST[:PORT],… of workload identity issuers that may lie in a private network, or on this machine",
  ),
};

const people = {
  "admin-key": path.optional().describe("at the first start, write an owner's JSON key to this file"),
  "sign-in-providers": path
    .optional()
    .describe("YAML file with the OIDC providers that people may sign in with; it has their secrets in it"),
  "account-domain": z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .default("iam.waybill.internal")
    .describe("what ends the e-mails of service accounts; chosen at the first start"),
};

function refuseBadDatabase(text: string, context: z.core.$RefinementCtx<string>): void {
  const message = wrongDatabaseUrl(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

function refuseBadBlobs(text: string, context: z.core.$RefinementCtx<string>): void {
  const message = wrongBlobsAddress(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

const watching = {
  "metrics-listen": z
    .string()
    .regex(/^.+:[0-9]{1,5}$/, "is not HOST:PORT")
    .optional()
    .describe("HOST:PORT where Prometheus finds /metrics; anything but loopback takes a metrics-token"),
  "metrics-token": secret().optional().describe("what a scraper shows as bearer token"),
  "access-log": flag().default(false).describe("write a line for every request to the log"),
};

/** The settings as they are documented: what belongs together, under its heading. */
export const sections: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  "Where things lie": storage,
  "Addresses and TLS": addresses,
  Limits: limits,
  "Watching it": watching,
  "What the server does by itself": upkeep,
  "Other servers": outside,
  "Owners, people and accounts": people,
};

/** All of them; a name that is none is an error. */
export const settings = z.strictObject({
  ...storage,
  ...addresses,
  ...limits,
  ...watching,
  ...upkeep,
  ...outside,
  ...people,
});

/** What a server runs by. */
export type Config = z.infer<typeof settings>;
