import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** An empty folder. It is gone when this process ends, too. */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `ai-switch-${name}-`));
  const options = { recursive: true, force: true, maxRetries: 3 };
  const removeAtEnd = () => rmSync(path, options);
  process.on('exit', removeAtEnd);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, options);
      process.off('exit', removeAtEnd);
    },
  };
}
