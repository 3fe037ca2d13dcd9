/** The program as it was called. */
export type GcrProgram = {
  /** The words of the command line that named it, path and all. */
  invokedAs: string;
  /** What Docker's configuration calls it: `gcr`. */
  suffix: string;
};
