// What the registry itself says: its clock, its challenge, the token it gives, and whether the image may be had.
import type { Challenge } from "../../client/probe/challenge.ts";
import { connectionTrouble } from "../../client/probe/connection-trouble.ts";
import { isTrustedRealm, type ProbeAnswer, type ProbeCredentials } from "../../client/probe/registry-probe.ts";
import type { Context } from "../../sources/context.ts";
import { oneLine } from "../../sources/failure.ts";
import { Secret } from "../../sources/secret.ts";
import { mask } from "../mask.ts";
import type { Chain } from "./chain.ts";
import { duration } from "./identity-links.ts";
import type { ImageName } from "./image-name.ts";
import type { Reached } from "./network-links.ts";

/** Servers forgive about this much; a Date header is a second coarse. */
const skewSecondsMax = 30;

export type Question = {
  image: ImageName;
  isPushing: boolean;
  credentials: ProbeCredentials | undefined;
  /** Whose the credentials are, where that is known. */
  account: string | undefined;
  /** Is a link before the registry broken? */
  wasBroken: boolean;
};

/** Asks the registry what docker would ask it. */
export async function examineRegistry(
  reached: Reached,
  question: Question,
  context: Context,
  chain: Chain,
): Promise<void> {
  examineClock(reached.ping, context, chain);
  const challenge = examineChallenge(reached.ping, chain);
  if (challenge === undefined) return;
  const authorization = await examineToken(reached, challenge, question, chain);
  if (authorization === "refused") return;
  await examinePermission(reached, authorization, question, chain);
}

function examineClock({ headers }: ProbeAnswer, { now }: Context, chain: Chain): void {
  const theirs = Date.parse(headers.get("date") ?? "");
  const seconds = Math.round((now() - theirs) / 1000);
  if (Number.isNaN(theirs)) chain.skip("clock", "the registry does not tell its time");
  else if (Math.abs(seconds) <= skewSecondsMax) chain.ok("clock", "this machine's and the registry's agree");
  else
    chain.broken(
      "clock",
      `this machine's is ${duration(Math.abs(seconds))} ${seconds < 0 ? "behind" : "ahead of"} the registry's: tokens made here are refused`,
      "set the clock: timedatectl set-ntp true",
    );
}

function examineChallenge({ status, challenges, headers }: ProbeAnswer, chain: Chain): Challenge | undefined {
  const usable =
    challenges.find(({ scheme }) => scheme === "bearer") ?? challenges.find(({ scheme }) => scheme === "basic");
  if (status === 401 && usable?.scheme === "basic") {
    chain.ok("challenge", "user name and password with every request (Basic)");
    return usable;
  }
  if (status === 401 && usable) {
    chain.ok("challenge", `tokens from ${oneLine(usable.parameters.realm ?? "nowhere")}`);
    return usable;
  }
  if (status === 200) {
    chain.warn("challenge", "GET /v2/ asks for no credentials: docker never sends any", "is everything there public?");
    return { scheme: "none", parameters: {} };
  }
  const where = headers.get("location");
  chain.broken(
    "challenge",
    status === 401
      ? "401, and no challenge that docker understands"
      : `GET /v2/ answered ${status}${where ? ` to ${mask(oneLine(where))}` : ""}`,
    "is this a container registry? A proxy or a portal may have answered instead",
  );
  return undefined;
}

/** The Authorization that the registry's own requests carry: undefined for nobody's. */
async function examineToken(
  { probe }: Reached,
  challenge: Challenge,
  question: Question,
  chain: Chain,
): Promise<Secret | undefined | "refused"> {
  const { credentials } = question;
  if (challenge.scheme === "none") return undefined;
  if (challenge.scheme === "basic") return credentials && basic(credentials);
  const isTrusted = isTrustedRealm(challenge.parameters.realm, probe.origin);
  if (!isTrusted && credentials) {
    chain.warn(
      "token",
      `the token service is at another host than ${new URL(probe.origin).host}: doctor sends it no credentials`,
      "whether docker's login works there only docker can tell: docker login",
    );
    return "refused";
  }
  const scope = scopeOf(question);
  const answer = await probe.token(challenge, scope, credentials).catch((error) => connectionTrouble(error));
  if ("kind" in answer) {
    chain.broken(
      "token",
      `the token service did not answer: ${answer.text}`,
      "the realm of the challenge must be reachable from here",
    );
    return "refused";
  }
  return readToken(answer, question, chain);
}

function scopeOf({ image, isPushing }: Question): string | undefined {
  return image.repository && `repository:${image.repository}:pull${isPushing ? ",push" : ""}`;
}

function readToken({ status, body, message }: ProbeAnswer, question: Question, chain: Chain): Secret | "refused" {
  const { credentials } = question;
  const token = [body.token, body.access_token].find((each) => typeof each === "string" && each !== "");
  if (status === 200 && typeof token === "string") {
    chain.ok("token", `${credentials ? "exchanged" : "given to nobody in particular"}${grantText(body.scope)}`);
    return new Secret(`Bearer ${token}`);
  }
  chain.broken(
    "token",
    `the token service refused${credentials ? ` ${oneLine(credentials.username)}` : ""} with ${status}: ${mask(message ?? "no reason given")}`,
    tokenMend(status, question, message ?? ""),
  );
  return "refused";
}

/** What the token service says that the token is for; most say nothing. */
function grantText(scope: unknown): string {
  if (typeof scope !== "string" || scope === "") return "";
  return scope.endsWith(":") ? `, with no access to ${oneLine(scope).slice(0, -1)}` : `, for ${oneLine(scope)}`;
}

function tokenMend(status: number, { credentials, account = "EMAIL" }: Question, message: string): string {
  if (status >= 500) return "the registry's own log says why; try again";
  if (!credentials) return "log in: waybill auth configure-docker, or docker login";
  if (/expired|clock|not yet/i.test(message)) return "get a new token; if this one is fresh, set this machine's clock";
  if (/disabled|deleted|unknown/i.test(message))
    return `an owner can see whether it is, and enable it: waybill iam service-accounts keys list --iam-account=${account}`;
  return "activate a key that this registry knows: waybill auth activate-service-account --key-file=FILE";
}

async function examinePermission(
  { probe }: Reached,
  authorization: Secret | undefined,
  question: Question,
  chain: Chain,
): Promise<void> {
  const { repository, reference } = question.image;
  if (repository === undefined) return await examineLogin(probe, authorization, chain);
  const manifest = await probe
    .manifest(repository, reference, authorization)
    .catch((error) => connectionTrouble(error));
  explainManifest(manifest, question, chain);
  if (!question.isPushing) return;
  const upload = await probe.upload(repository, authorization).catch((error) => connectionTrouble(error));
  if ("kind" in upload) chain.broken("push", upload.text, "try again");
  else if (upload.status === 202 || upload.status === 201) chain.ok("push", "an upload was opened, and given up again");
  else chain.broken("push", refusalText(upload), permissionMend(upload, question, "push"));
}

async function examineLogin(probe: Reached["probe"], authorization: Secret | undefined, chain: Chain): Promise<void> {
  const answer = await probe.ping(authorization).catch((error) => connectionTrouble(error));
  if ("kind" in answer) chain.broken("login", answer.text, "try again");
  else if (answer.status === 200) chain.ok("login", "GET /v2/ is answered");
  else chain.broken("login", refusalText(answer), "are the credentials for this registry?");
}

function explainManifest(
  answer: ProbeAnswer | ReturnType<typeof connectionTrouble>,
  question: Question,
  chain: Chain,
): void {
  const { image, isPushing } = question;
  if ("kind" in answer) chain.broken("pull", answer.text, "try again");
  else if (answer.status === 200)
    chain.ok("pull", `${image.reference} is ${oneLine(answer.headers.get("docker-content-digest") ?? "there")}`);
  else if (answer.status === 404 && isPushing) chain.ok("pull", `${image.reference} is not there yet`);
  else if (answer.status === 404)
    chain.broken(
      "pull",
      `404: ${mask(answer.message ?? "the registry does not have it")}`,
      "is the name spelled right? A registry may also say so of what you may not see",
    );
  else chain.broken("pull", refusalText(answer), permissionMend(answer, question, "pull"));
}

function refusalText({ status, message, challenges }: ProbeAnswer): string {
  const isNarrow = challenges.some(({ parameters }) => parameters.error === "insufficient_scope");
  return `${status}: ${mask(message ?? "no reason given")}${isNarrow ? " (the token has no access to it)" : ""}`;
}

function permissionMend(
  { status, message, body }: ProbeAnswer,
  { image, credentials, wasBroken }: Question,
  verb: "pull" | "push",
) {
  if (status >= 500) return "the registry's own log says why; try again";
  if (!credentials)
    return wasBroken
      ? "mend what is broken above first: without credentials the registry does not let anybody do this"
      : `the registry does not let everybody ${verb}: waybill auth configure-docker ${image.host}`;
  if (reasonIn(body) === "scope" || /\bscope\b/i.test(message ?? ""))
    return `get a token that may ${verb}: --scopes=devstorage.${verb === "push" ? "read_write" : "read_only"}`;
  const role = verb === "push" ? "roles/storage.objectAdmin" : "roles/storage.objectViewer";
  const project = image.repository?.split("/")[0];
  return `an owner can grant it: waybill projects add-iam-policy-binding ${project} --member=${memberIn(body)} --role=${role}`;
}

/** Our own server says in an error's detail who was refused and by what. */
function detailOf(body: Record<string, unknown>): Record<string, unknown> {
  const [first] = Array.isArray(body.errors) ? body.errors : [];
  return typeof first?.detail === "object" && first.detail !== null ? first.detail : {};
}

function reasonIn(body: Record<string, unknown>): unknown {
  return detailOf(body).reason;
}

function memberIn(body: Record<string, unknown>): string {
  const { principal } = detailOf(body);
  return typeof principal === "string" ? oneLine(principal) : "serviceAccount:EMAIL";
}

function basic({ username, secret }: ProbeCredentials): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${secret.reveal()}`).toString("base64")}`);
}
