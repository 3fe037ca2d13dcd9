import type { MemberKey, ResourceKey } from "./schema.ts";

/** The tables of access decisions, beside policies and bindings. */
export interface AccessTables {
  readonly groups: GroupsTable;
  readonly group_members: GroupMembersTable;
  readonly custom_roles: CustomRolesTable;
  readonly deny_policies: DenyPoliciesTable;
  readonly constraints: ConstraintsTable;
}

/** Many members under one name; `group:ID` in a binding. */
interface GroupsTable {
  /** Digits, never used again. */
  id: string;
  email: string;
  display_name: string;
  description: string;
  created_at: number;
  deleted_at: number | null;
}

/** Who is in a group; another group's members are, too. */
interface GroupMembersTable {
  group_id: string;
  member: MemberKey;
  added_at: number;
}

/** Roles that a project made for itself. A name is never used again in its project. */
interface CustomRolesTable {
  /** `projects/PROJECT-ID/roles/NAME`, as bindings have it. */
  id: string;
  project_id: string;
  title: string;
  description: string;
  /** Google's launch stages; DISABLED grants nothing. */
  stage: string;
  /** A JSON array of permissions. */
  permissions: string;
  etag: string;
  created_at: number;
  deleted_at: number | null;
}

/** What is forbidden whatever was granted. Whom a rule names is in `bindings`, at the `guard/…` key of the same resource. */
interface DenyPoliciesTable {
  resource: ResourceKey;
  name: string;
  display_name: string;
  /** JSON, as src/access/deny-rule.ts reads it. */
  rules: string;
  etag: string;
  created_at: number;
  updated_at: number;
}

/** Switches over the whole installation or a project. */
interface ConstraintsTable {
  resource: ResourceKey;
  /** `iam.disableServiceAccountKeyCreation` */
  name: string;
  /** `true` or `false`; or what the limit is. */
  value: string;
  etag: string;
  updated_at: number;
}
