import { isIP, isIPv6 } from "node:net";
import { UsageError } from "../command.ts";

/** Where one listener is: an address of this machine in one network. */
export type ListenAddress = { readonly address: string; readonly port: number };

/**
 * Reads `ADDRESS:PORT`, `[ADDRESS]:PORT`. An address that stands for every network of the machine is refused: whoever
 * reaches a metadata server gets its tokens, so each network is named. Throws UsageError.
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (
    !(port <= 65_535) ||
    isIP(address) === 0 ||
    address.includes("%") ||
    (bracketed !== undefined) !== isIPv6(address)
  )
    throw new UsageError(
      `--listen cannot be ${JSON.stringify(text)}`,
      "an address and a port: --listen=172.17.0.1:8091",
    );
  if (isEverywhere(address))
    throw new UsageError(
      `--listen ${text} would hand tokens to every network of this machine`,
      "name the address of one container network, and repeat --listen for the next: --listen=172.17.0.1:8091",
    );
  return { address: canonical(address), port };
}

/** The host part of a URL. */
export function hostOf({ address, port }: ListenAddress): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** `0.0.0.0` and `::` in every spelling, also the one inside the other. */
function isEverywhere(address: string): boolean {
  return ["0.0.0.0", "::", "::ffff:0:0"].includes(canonical(address));
}

/** As clients write it, who name it in every request. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
