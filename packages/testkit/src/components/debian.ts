import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf, run } from './commands.ts';

/** Unpacks Debian packages into `folder`. Nothing is installed and no service is started. @throws Error */
export async function unpackDebianPackages(packages: readonly string[], folder: string): Promise<void> {
  if ((await pathOf('apt-get')) === undefined || (await pathOf('dpkg')) === undefined) {
    throw new Error(`this is no Debian: ${packages[0]} must be installed by hand`);
  }
  try {
    await run('apt-get', ['download', ...packages], { cwd: folder });
  } catch (error) {
    // The lists of packages may never have been fetched; only root may do that.
    if (process.getuid?.() !== 0) throw error;
    await run('apt-get', ['update']);
    await run('apt-get', ['download', ...packages], { cwd: folder });
  }
  for (const name of await readdir(folder)) {
    if (name.endsWith('.deb')) await run('dpkg', ['-x', join(folder, name), folder]);
  }
}

/** Installs a Debian package for the whole machine, which only root may. @throws Error */
export async function installDebianPackage(name: string): Promise<void> {
  if (process.getuid?.() !== 0 || (await pathOf('apt-get')) === undefined) {
    throw new Error(`${name} is not installed, and only root of a Debian can have it installed here`);
  }
  const install = ['install', '-y', '--no-install-recommends', name];
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', install, { environment });
  } catch {
    await run('apt-get', ['update']);
    await run('apt-get', install, { environment });
  }
}
