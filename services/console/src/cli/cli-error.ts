/** Something that whoever typed the command can mend: one line on stderr. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 1: it was tried and failed. 2: the command is wrong. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
