import { Failure, messageOf } from "../../sources/failure.ts";
import { limitToOneHop } from "./hop-limit.ts";
import { hostOf, type ListenAddress } from "./listen-address.ts";

/** Answers one request; `peer` is the address of who sent it. */
export type Face = (request: Request, peer: string) => Promise<Response>;

const idleSeconds = 30;
/** Nothing is sent to a metadata server. */
const bodyBytesMax = 1024;

/** Opens a listener that lets requests wait until it is told how to answer them. Throws where the address cannot be had. */
export function openListener({ address, port }: ListenAddress) {
  const { promise: face, resolve: answerWith } = Promise.withResolvers<Face>();
  const server = serve({ address, port }, async (request, peer) => await (await face)(request, peer));
  const place = { address, port: server.port ?? port };
  try {
    limitToOneHop(place);
  } catch (error) {
    void server.stop(true);
    throw error;
  }
  return { ...place, answerWith, stop: () => server.stop() };
}

function serve({ address, port }: ListenAddress, handle: Face): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: address,
      port,
      idleTimeout: idleSeconds,
      maxRequestBodySize: bodyBytesMax,
      // The page that Bun has for developers would show our sources.
      development: false,
      // Without its development mode Bun shares a port with whoever has it: half of the requests would go there.
      reusePort: false,
      fetch: (request, server) => handle(request, server.requestIP(request)?.address ?? "unknown"),
    });
  } catch (error) {
    throw new Failure(
      `cannot listen on ${hostOf({ address, port })}: ${messageOf(error)}`,
      "is it an address of this machine, and the port free?",
    );
  }
}
