/**
 * Every expected failure that crosses a boundary is a HaechiError with a stable code.
 * The codes are listed in docs/errors.md.
 */
export type ErrorCode =
  | 'SETTING_INVALID'
  | 'PORT_TAKEN'
  | 'DATA_FOLDER'
  | 'DATA_LOCKED'
  | 'STORE_UNREACHABLE'
  | 'STORE_REFUSED'
  | 'STORE_DAMAGED'
  | 'EXPORT_FAILED'
  | 'JOURNAL_FULL'
  | 'JOURNAL_FAILED'
  | 'DOMAIN_INVALID'
  | 'RULE_INVALID'
  | 'MAPPING_INVALID'
  | 'RECORDING_INVALID'
  | 'DEVICE_INVALID'
  | 'DEVICE_UNKNOWN'
  | 'ALERT_UNKNOWN'
  | 'CITY_INVALID'
  | 'BACKUP_INVALID'
  | 'DISK_FULL'
  | 'BUSY'
  | 'CLOSED'
  | 'USAGE';

export class HaechiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HaechiError';
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Stops the process's work where an invariant is broken: a programming error, never bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}
