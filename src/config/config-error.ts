/** Settings that cannot be. Each problem says which setting, where it was said, and what it may be. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    const [first = "the settings cannot be", ...others] = problems;
    super(others.length === 0 ? first : `${first} (and ${others.length} more: waybill config check)`);
    this.problems = problems;
  }
}
