/**
 * Device secrets: 160 random bits, kept only as HMAC-SHA-256 under a key of this installation. At that entropy
 * a keyed hash is enough, and thousands of devices that come back at once do not queue for a memory-hard one.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HaechiError } from '@haechi/core';

const SECRET_SIZE = 20;
const KEY_SIZE = 32;

export function makeSecret(): string {
  return randomBytes(SECRET_SIZE).toString('base64url');
}

export function hashSecret(key: Uint8Array, secret: string | Uint8Array): string {
  return createHmac('sha256', key).update(secret).digest('base64url');
}

/** Compares in a time that does not tell how much matched. */
export function secretMatches(key: Uint8Array, secret: string | Uint8Array, hash: string): boolean {
  const given = Buffer.from(hashSecret(key, secret), 'base64url');
  const kept = Buffer.from(hash, 'base64url');
  return given.length === kept.length && timingSafeEqual(given, kept);
}

/** The installation's key, kept beside the database and not in it, so that neither alone gives a secret away. */
export function loadKey(folder: string): Buffer {
  const path = join(folder, 'device-secrets.key');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, randomBytes(KEY_SIZE), { mode: 0o600, flag: 'wx' });
  }
  const key = readFileSync(path);
  // A short one, as a crash while it was written would leave, protects nothing.
  if (key.length !== KEY_SIZE) throw new HaechiError('DATA_FOLDER', `${path} does not hold a key of ${KEY_SIZE} bytes`);
  return key;
}
