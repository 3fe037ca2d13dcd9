import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/** Addresses that are not the public internet's (IANA special-purpose registries, as far as anything listens there). */
const special = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  special.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  special.addSubnet(net, prefix, "ipv6");

/** Does an address belong to this machine, to a private network, or to nobody? */
export function isPrivateAddress(address: string): boolean {
  const kind = isIP(address);
  return kind === 0 || special.check(address, kind === 4 ? "ipv4" : "ipv6");
}

type Fetch = (request: Request) => Promise<Response>;
type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * Lets requests out to public addresses only, and to the hosts that the operator named: whoever answers as an upstream could
 * send us to the cloud's metadata server or into the network around us (CVE-2026-2376). A name that changes between the
 * look-up here and the connection leads to a host that has no certificate for it.
 *
 * @param allowed hosts, with their ports, that may have private addresses
 * @param setting where the operator names them
 */
export function publicFetch(
  fetch: Fetch,
  allowed: readonly string[],
  resolve: Resolve = resolveName,
  setting = "--private-upstreams",
): Fetch {
  return async (request) => {
    const { hostname, host, protocol } = new URL(request.url);
    if (allowed.includes(host)) return await fetch(request);
    const bare = hostname.replace(/^\[|\]$/g, "");
    const addresses = isIP(bare) ? [bare] : await resolve(bare);
    if (protocol !== "https:" || addresses.length === 0 || addresses.some(isPrivateAddress))
      throw new Error(`${host} is not on the public internet: ${setting}=${host} allows it all the same`);
    return await fetch(request);
  };
}

async function resolveName(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}
