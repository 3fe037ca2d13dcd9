// Packets of a metadata server die at the first router (IP TTL 1): a workload that forwards what it is sent, and a
// container network that is routed further than it should be, get no answer out of this machine. Neither node:net nor
// Bun.serve sets it, so it is set by the C library on the listening socket; accepted connections inherit it.
import { dlopen, ptr } from "bun:ffi";
import { isIPv6 } from "node:net";
import { Failure } from "../../sources/failure.ts";
import type { ListenAddress } from "./listen-address.ts";

/** The numbers of <sys/socket.h> and <netinet/in.h>. */
const systems = {
  linux: {
    libraries: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
    socket: 1,
    acceptsConnections: 30,
    ttl: 2,
    hops: 16,
  },
  darwin: { libraries: ["libSystem.B.dylib"], socket: 0xffff, acceptsConnections: 2, ttl: 4, hops: 4 },
} as const;

const [protocolIp, protocolIpv6] = [0, 41];
/** A metadata server holds few files; its listeners were opened early. */
const descriptorsMax = 1024;
const addressBytesMax = 128;

/** Limits what the listeners at this port send to networks that this machine is a part of. Throws where that fails. */
export function limitToOneHop({ address, port }: ListenAddress): void {
  const system = systems[process.platform as keyof typeof systems];
  const library = system && openLibrary(system.libraries);
  if (!system || !library) throw new Failure(`on ${process.platform} a metadata server cannot be kept to one hop`);
  const { setsockopt, getsockopt, getsockname } = library.symbols;
  const isListening = (descriptor: number) => {
    const [value, length] = [new Int32Array(1), new Uint32Array([4])];
    return (
      getsockopt(descriptor, system.socket, system.acceptsConnections, ptr(value), ptr(length)) === 0 && value[0] !== 0
    );
  };
  /** The port lies at the same place in the addresses of both families. */
  const portOf = (descriptor: number) => {
    const [name, length] = [new Uint8Array(addressBytesMax), new Uint32Array([addressBytesMax])];
    return getsockname(descriptor, ptr(name), ptr(length)) === 0 ? ((name[2] ?? 0) << 8) | (name[3] ?? 0) : -1;
  };
  const one = new Int32Array([1]);
  const [level, name] = isIPv6(address) ? [protocolIpv6, system.hops] : [protocolIp, system.ttl];
  let limited = 0;
  for (let descriptor = 3; descriptor < descriptorsMax; descriptor++) {
    if (!isListening(descriptor) || portOf(descriptor) !== port) continue;
    if (setsockopt(descriptor, level, name, ptr(one), 4) === 0) limited++;
  }
  library.close();
  if (limited === 0) throw new Failure(`the listener at ${address} port ${port} cannot be kept to one hop`);
}

function openLibrary(names: readonly string[]) {
  for (const name of names) {
    try {
      return dlopen(name, {
        setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
        getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
        getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
      });
    } catch {} // The next name is another system's.
  }
  return undefined;
}
