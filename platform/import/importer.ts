/** Readings of the past on their way into the journal, checked against their models before anything is said of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, type Device, type DomainModel, HaechiError, messageOf } from '@haechi/core';
import { type ImportResult, importLine } from '@haechi/dashboard';
import { decodeNativeJson, type Journal, READINGS_PER_PAYLOAD_MAX, type TimeLimits } from '@haechi/ingest';

/** Requests under way at once; what each brings is bounded by its size. */
const REQUESTS_MAX = 8;
/** An import gets this much ahead of the store, and this part of the journal: the rest is the devices'. */
const AHEAD_SIZE_MAX = 64 * 1024 * 1024;
const JOURNAL_SHARE = 0.25;
/** Lines looked at before anybody else has a turn: some milliseconds. */
const LINES_A_TURN = 500;
/** A record of the journal, as large as what a device may send. */
const PAYLOAD_SIZE_MAX = 65_536;
const REASON_LENGTH_MAX = 300;
/** How long the store's word on what it keeps is good. */
const KEPT_SINCE_MS = 60_000;

export interface ImporterOptions {
  registry: { get(id: string): Device | undefined };
  models: ReadonlyMap<string, DomainModel>;
  journal: Pick<Journal, 'append' | 'size'>;
  journalSizeMax: number;
  clock: Clock;
  limits: TimeLimits;
  /** By system: readings measured before this are not kept, epoch milliseconds. */
  keptSince: () => Promise<Record<string, number>>;
}

/** A line that is all right, as it goes into its device's payload. */
interface Accepted {
  device: Device;
  entry: string;
}

export class Importer {
  readonly #options: ImporterOptions;
  #requests = 0;
  #kept: { since: Record<string, number>; atMs: number } | undefined;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  /**
   * A line is refused whole where anything is wrong with it: unlike a device's message it can be mended and sent again.
   * Resolves when what was accepted is on disk.
   * @throws HaechiError BUSY where the store is too far behind; JOURNAL_FULL, JOURNAL_FAILED, CLOSED: some of the lines may
   * have been taken, and sending them again does no harm.
   */
  async take(lines: readonly string[]): Promise<ImportResult> {
    this.#refuseAhead();
    this.#requests++;
    try {
      const keptSince = await this.#keptSince();
      const refused: ImportResult['refused'] = [];
      const accepted: Accepted[] = [];
      for (const [index, line] of lines.entries()) {
        if (index % LINES_A_TURN === LINES_A_TURN - 1) await nextTurn();
        const found = this.#check(line, keptSince);
        if (typeof found === 'string') refused.push({ line: index + 1, reason: found.slice(0, REASON_LENGTH_MAX) });
        else accepted.push(found);
      }
      await this.#append(accepted);
      return { accepted: accepted.length, refused };
    } finally {
      this.#requests--;
    }
  }

  #refuseAhead(): void {
    const { journal, journalSizeMax } = this.#options;
    if (this.#requests >= REQUESTS_MAX) throw new HaechiError('BUSY', `${REQUESTS_MAX} imports are under way already`);
    if (journal.size > Math.min(AHEAD_SIZE_MAX, journalSizeMax * JOURNAL_SHARE))
      throw new HaechiError('BUSY', 'the store has yet to take what was imported before; ask again');
  }

  async #keptSince(): Promise<Record<string, number>> {
    const atMs = performance.now();
    if (!this.#kept || atMs - this.#kept.atMs > KEPT_SINCE_MS) {
      this.#kept = { since: await this.#options.keptSince(), atMs };
    }
    return this.#kept.since;
  }

  /** The line, or in words what is wrong with it. */
  #check(line: string, keptSince: Record<string, number>): Accepted | string {
    const { registry, models, clock, limits } = this.#options;
    let given: unknown;
    try {
      given = JSON.parse(line);
    } catch (error) {
      return `not JSON: ${messageOf(error)}`;
    }
    const parsed = importLine.safeParse(given);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return `${issue?.path.join('.') || 'line'}: ${issue?.message}`;
    }
    const { device: id, ...reading } = parsed.data;
    const device = registry.get(id);
    const model = device && models.get(device.domain);
    if (!device || !model) return `device ${id} is not registered`;
    const entry = JSON.stringify(reading);
    const { readings, refusals } = decodeNativeJson(Buffer.from(entry), model, clock.now(), limits);
    if (refusals.length > 0) return refusals.map(({ reason, detail }) => `${reason}: ${detail}`).join('; ');
    const since = keptSince[device.domain] ?? Number.NEGATIVE_INFINITY;
    const tooOld = readings.some(({ ts }) => ts < since);
    if (tooOld)
      return `older than what is kept: ${device.domain} keeps readings since ${new Date(since).toISOString()}`;
    return { device, entry };
  }

  async #append(accepted: readonly Accepted[]): Promise<void> {
    const { journal, clock } = this.#options;
    const receivedAt = clock.now();
    const synced = payloadsOf(accepted).map(
      ({ device: { district, domain, id }, payload }) =>
        new Promise<void>((resolve, reject) => {
          const topic = `city/${district}/${domain}/${id}/telemetry`;
          journal.append({ kind: 'import', receivedAt, topic, payload: Buffer.from(payload) }, (error) =>
            error ? reject(error) : resolve(),
          );
        }),
    );
    await Promise.all(synced);
  }
}

/** Lines of one device together, in their order, as many as a payload may have. */
function payloadsOf(accepted: readonly Accepted[]): { device: Device; payload: string }[] {
  const payloads: { device: Device; payload: string }[] = [];
  for (const [device, lines] of Map.groupBy(accepted, (line) => line.device)) {
    let entries: string[] = [];
    let size = 0;
    const close = () => {
      if (entries.length > 0) payloads.push({ device, payload: `[${entries.join(',')}]` });
      entries = [];
      size = 0;
    };
    for (const { entry } of lines) {
      if (entries.length >= READINGS_PER_PAYLOAD_MAX || size + entry.length > PAYLOAD_SIZE_MAX) close();
      entries.push(entry);
      size += entry.length + 1;
    }
    close();
  }
  return payloads;
}
