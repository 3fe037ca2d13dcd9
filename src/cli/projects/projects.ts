import { apiPath } from "../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  show,
  showIfAsked,
  type Table,
} from "../administration.ts";
import type { Invocation } from "../command.ts";
import { findSettings, usage } from "./settings.ts";

type Project = {
  projectId: string;
  projectNumber: string;
  name?: string;
  createTime?: string;
  defaultAccounts?: string[];
};

/** `waybill projects create` */
export async function create(
  invocation: AdministrationInvocation<"name" | "upstream" | "upstream-credentials"> &
    Invocation<never, "default-accounts">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const [projectId = ""] = positionals;
  const { upstream, "upstream-credentials": upstreamCredentials } = values;
  const body = {
    projectId,
    name: values.name ?? projectId,
    ...(values["default-accounts"] && { defaultAccounts: true }),
    ...(upstream !== undefined && { upstream }),
    ...(upstreamCredentials !== undefined && { upstreamCredentials }),
  };
  const operation = await openAdministration(invocation).call<{ response: Project }>("POST", "/v1/projects", body);
  context.stderr(`Created project [${projectId}].\n`);
  for (const email of operation.response.defaultAccounts ?? [])
    context.stderr(`Created service account [${email}] with roles/editor on it.\n`);
  const { "@type": _, ...project } = operation.response as Project & { "@type"?: string };
  showIfAsked(invocation, project, table([project]));
  return 0;
}

/** `waybill projects list` */
export async function list(invocation: AdministrationInvocation): Promise<number> {
  const projects = await openAdministration(invocation).list<Project>("/v1/projects", "projects");
  show(invocation, projects, table(projects));
  return 0;
}

/** `waybill projects describe` */
export async function describe(invocation: AdministrationInvocation): Promise<number> {
  const [projectId = ""] = invocation.positionals;
  const administration = openAdministration(invocation);
  const project = await administration.call<Project>("GET", apiPath`/v1/projects/${projectId}`);
  const settings = await findSettings(administration, projectId);
  const { headings, rows } = table([project]);
  const more = settings ? [usage(settings), settings.readOnly ? "yes" : "no"] : [];
  const titles = settings ? ["USED", "READ_ONLY"] : [];
  const shown = { headings: [...headings, ...titles], rows: rows.map((row) => [...row, ...more]) };
  show(invocation, { ...project, ...settings }, shown);
  return 0;
}

/** `waybill projects delete` */
export async function remove(invocation: AdministrationInvocation): Promise<number> {
  const { positionals, context } = invocation;
  const [projectId = ""] = positionals;
  const administration = openAdministration(invocation);
  const question = `Project [${projectId}] will be deleted, with its service accounts and all access to its images. Continue?`;
  await confirmLoss(invocation, question);
  await administration.call("DELETE", apiPath`/v1/projects/${projectId}`);
  context.stderr(`Deleted project [${projectId}].\n`);
  return 0;
}

function table(projects: readonly Project[]): Table {
  const rows = projects.map(({ projectId, name, projectNumber, createTime }) => [
    projectId,
    name,
    projectNumber,
    createTime,
  ]);
  return { headings: ["PROJECT_ID", "NAME", "PROJECT_NUMBER", "CREATED_AT"], rows };
}
