/** What whoever runs this has to mend: one line, exit status 1. */
export class SetupError extends Error {}

/** One line of progress or failure. Standard output belongs to the file that is run. */
export function say(line) {
  process.stderr.write(`ai-switch: ${line}\n`);
}
