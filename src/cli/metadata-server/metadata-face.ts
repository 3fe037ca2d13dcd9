import { messageOf } from "../../sources/failure.ts";
import { type Answered, answer, refused } from "./answer.ts";
import type { Door } from "./door.ts";
import type { Tree } from "./metadata-tree.ts";
import type { PeerLog } from "./peer-log.ts";
import type { Workshop } from "./workshop.ts";

type Parts = { readonly door: Door; readonly tree: Tree; readonly workshop: Workshop; readonly log: PeerLog };

/** A metadata server as one function of a request and the address of who sent it. */
export function createMetadataFace({ door, tree, workshop, log }: Parts) {
  return async (request: Request, peer: string): Promise<Response> => {
    const { response, note } = await respond(request);
    // Where Host makes no URL there is no path either.
    const path = URL.parse(request.url)?.pathname ?? "?";
    log.note(`${peer} ${request.method} ${path} ${response.status}${note === undefined ? "" : ` ${note}`}`);
    return request.method === "HEAD" ? new Response(null, response) : response;
  };

  async function respond(request: Request): Promise<Answered> {
    const turnedAway = door.refuse(request);
    if (turnedAway) return refused(turnedAway.status, turnedAway.reason);
    try {
      return await answer(new URL(request.url), tree, workshop);
    } catch (error) {
      // The operator reads why; a workload learns nothing about how its account's tokens are made.
      const { response } = refused(503, "the account's token could not be had: the metadata server's log says why");
      return { response, note: messageOf(error) };
    }
  }
}
