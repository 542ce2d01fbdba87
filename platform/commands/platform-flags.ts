import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';

/** Which running platform a command speaks to, and as whom. */
export function addPlatformFlags(command: Command): Command {
  return command
    .option('--url <address>', 'the platform (HAECHI_URL)', process.env['HAECHI_URL'] ?? 'http://localhost:8080')
    .option('--user <name>', 'who signs in', 'admin')
    .option('--password <text>', 'its password (HAECHI_ADMIN_PASSWORD)', process.env['HAECHI_ADMIN_PASSWORD']);
}

export interface PlatformFlags {
  url: string;
  user: string;
  password?: string;
}

export function signIn({ url, user, password }: PlatformFlags): Promise<ApiClient> {
  return ApiClient.signIn(url, user, password);
}
