import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

export interface SmallDisk {
  folder: string;
  resize(sizeMiB: number): void;
}

/** A file system in memory of so many MiB; nothing where this process may not mount one. */
export function smallDisk(sizeMiB: number): SmallDisk | undefined {
  const folder = tempFolder();
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], QUIET);
  try {
    mount(`size=${sizeMiB}m`);
  } catch {
    return undefined; // not root, or a container without the right to mount
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder], QUIET);
  });
  return { folder, resize: (size) => mount(`remount,size=${size}m`) };
}

const QUIET = { stdio: 'ignore' } as const;
