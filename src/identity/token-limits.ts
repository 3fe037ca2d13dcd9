import { BlockList, isIP, isIPv6 } from "node:net";
import { z } from "zod";
import { AdministrationError } from "./administration-error.ts";
import { isWorkloadName, workloadForm } from "./workload-binding.ts";

/** Something that a token may still do, where it was made to do less: a rule of a credential access boundary. */
const ruleSchema = z.object({
  /** Roles whose permissions are left; absent for all that concern images. */
  roles: z.array(z.string()).optional(),
  /** `projects/demo/locations/default/repositories/team`: this resource and whatever is below it. */
  resource: z.string().optional(),
  /** `demo/app`, or `demo/team/*` for all below, at any location. */
  repository: z.string().optional(),
  /** CEL over `resource`; it must hold, too. */
  condition: z.string().optional(),
});
export type BoundaryRule = z.infer<typeof ruleSchema>;

/** How a token is narrower than its principal. Lists are only ever added: whoever passes must pass all of them. */
export const limitsSchema = z.object({
  /** Each is a list of CIDRs, one of which must hold the caller's address. */
  networks: z.array(z.array(z.string())).optional(),
  /** Each is a list of rules, one of which must allow what is asked. */
  boundaries: z.array(z.array(ruleSchema)).optional(),
  /** Each is a `principal://` or `principalSet://` that the workload at the beginning must be, or be in. */
  workloads: z.array(z.string()).optional(),
  /** Thumbprints, each of the certificate that the caller must prove to have: `x5t#S256` of RFC 8705. */
  certificates: z.array(z.string()).optional(),
});
export type TokenLimits = z.infer<typeof limitsSchema>;

/** Our own parameters, as a request brings them. */
export interface Bounds {
  readonly networks?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
  readonly workload?: string | undefined;
  /** The thumbprint of the certificate that the request came with; undefined where the token is not to be bound to it. */
  readonly certificate?: string | undefined;
}

const networksMax = 20;
const repositoriesMax = 20;
const listsMax = 10;
const repositoryPattern = /^[a-z0-9][a-z0-9._/-]{0,250}(?:\/\*)?$/;

/** Reads what a token is to be bound to; undefined where it is to nothing. Throws `invalid`. */
export function parseBounds({
  networks = [],
  repositories = [],
  workload,
  certificate,
}: Bounds): TokenLimits | undefined {
  if (networks.length > networksMax || networks.some((each) => !isNetwork(each))) {
    throw invalid(`The networks must be up to ${networksMax} CIDRs, like 10.0.0.0/8 or 2001:db8::/32.`);
  }
  if (repositories.length > repositoriesMax || repositories.some((each) => !repositoryPattern.test(each))) {
    throw invalid(`The repositories must be up to ${repositoriesMax}, like my-project/app or my-project/team/*.`);
  }
  if (workload !== undefined && !isWorkloadName(workload)) {
    throw invalid(`The workload must be ${workloadForm}.`);
  }
  if (certificate === "") {
    throw invalid(
      "The request came without a client certificate that the server sees: there is none to bind a token to.",
    );
  }
  if (networks.length + repositories.length === 0 && (workload ?? certificate) === undefined) return undefined;
  return {
    ...(networks.length > 0 && { networks: [[...networks]] }),
    ...(repositories.length > 0 && { boundaries: [repositories.map((repository) => ({ repository }))] }),
    ...(workload !== undefined && { workloads: [workload] }),
    ...(certificate !== undefined && { certificates: [certificate] }),
  };
}

/** Both. Throws `invalid` where a token was narrowed so often that it could not carry it. */
export function joinLimits(one: TokenLimits | undefined, other: TokenLimits | undefined): TokenLimits | undefined {
  if (!one || !other) return one ?? other;
  const joined = {
    networks: [...(one.networks ?? []), ...(other.networks ?? [])],
    boundaries: [...(one.boundaries ?? []), ...(other.boundaries ?? [])],
    workloads: [...(one.workloads ?? []), ...(other.workloads ?? [])],
    certificates: [...new Set([...(one.certificates ?? []), ...(other.certificates ?? [])])],
  };
  if (Object.values(joined).some(({ length }) => length > listsMax)) {
    throw invalid("The token was narrowed too often: begin with another one.");
  }
  return Object.fromEntries(Object.entries(joined).filter(([, lists]) => lists.length > 0));
}

/** Whether somebody at this address may use the token. An address that is not known is in no network. */
export function networksAdmit({ networks = [] }: TokenLimits, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, "");
  return networks.every((list) => isIP(plain) !== 0 && blockList(list).check(plain, familyOf(plain)));
}

/** Whether whoever proved to have this certificate may use the token; a stolen one comes with another, or with none. */
export function certificatesAdmit({ certificates = [] }: TokenLimits, thumbprint: string): boolean {
  return certificates.every((each) => each === thumbprint);
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits ?? (isIPv6(address) ? 128 : 32)), familyOf(address));
  }
  return list;
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const bitsMax = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= bitsMax);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

function invalid(message: string): AdministrationError {
  return new AdministrationError("invalid", message);
}
