export interface RegistryTables {
  readonly name_ends: NameEndsTable;
}

/** Each repository's name from each of its characters on, so that a search for a text is a step into an index. */
interface NameEndsTable {
  project_id: string;
  location: string;
  /** The name as OCI knows it, from `position` on, cut at `endCharactersMax`. */
  name_end: string;
  repository_id: string;
  /** Characters before it. */
  position: number;
}
