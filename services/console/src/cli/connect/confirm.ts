import { createInterface } from 'node:readline/promises';

/** Asks a person. Anything but yes is no, and so is the end of the input. */
export async function isConfirmed(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  const end = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), end]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
