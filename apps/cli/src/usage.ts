/** What a person did wrong on the command line. Printed alone, exit status 2. */
export class UsageError extends Error {}

export interface Options {
  [name: string]: string | undefined;
}
