import type { Reader, ResourceKey } from "../storage/metadata/schema.ts";

/** The id of the project that a resource is, or lies in; undefined for the installation. */
export async function projectOf(read: Reader, resource: ResourceKey): Promise<string | undefined> {
  const [kind = "", id = ""] = resource.split("/");
  switch (kind) {
    case "project":
    case "location":
    case "prefix":
      return id;
    case "repository":
      return (await read.selectFrom("repositories").select("project_id as id").where("id", "=", id).executeTakeFirst())
        ?.id;
    case "serviceAccount":
      return (
        await read.selectFrom("service_accounts").select("project_id as id").where("id", "=", id).executeTakeFirst()
      )?.id;
    default:
      return undefined;
  }
}
