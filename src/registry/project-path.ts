/** A project as clients write it in an image's name. Only `parseProjectPath` makes one. */
export interface ProjectPath {
  /** The storage location: one host name of the registry. */
  readonly location: string;
  /** `my-project`, or `example.com:my-project` for a domain-scoped project. */
  readonly project: string;
  /** `my-project` or `example.com/my-project`. */
  readonly path: string;
}

const part = "[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*";
const wellFormed = new RegExp(`^(?:${part}(?:\\.${part})+/)?${part}$`);
const pathCharactersMax = 255;

/** Reads PROJECT, or DOMAIN/PROJECT where the first part has a dot; undefined for anything else, an image's name too. */
export function parseProjectPath(path: string, location: string): ProjectPath | undefined {
  if (path.length > pathCharactersMax || !wellFormed.test(path)) return undefined;
  return { location, project: path.replace("/", ":"), path };
}
