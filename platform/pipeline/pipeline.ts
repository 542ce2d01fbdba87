/** The main thread's hold on the worker: hands it groups, takes its answers, and moves the journal's cursors. */
import { Worker } from 'node:worker_threads';
import { type Alert, type Clock, type Device, type ErrorCode, HaechiError, type Log } from '@haechi/core';
import { type Journal, type JournalRecord, type Ledger, ledgerOf, NOTHING_YET } from '@haechi/ingest';
import type { RuleTransition } from '@haechi/services';
import type {
  FromWorker,
  LedgerPart,
  LiveValues,
  ReaderName,
  StoredBatch,
  StoreQuestion,
  StoreQuestions,
  ToWorker,
  WorkerSetup,
} from './messages.ts';

export const READERS: readonly ReaderName[] = ['store', 'rules'];

/** Groups on their way to the worker with their bytes; beyond, it fetches from the journal at its own pace. */
const IN_FLIGHT_GROUPS_MAX = 64;
const TICK_MS = 100;
/** Questions to the store under way at once; more than a hundred operators would ask. */
const QUESTIONS_MAX = 256;

type Ready = Extract<FromWorker, { type: 'ready' }>;

export interface PipelineOptions {
  setup: WorkerSetup;
  journal: Journal;
  /** The mark that the platform has been away until now. */
  startRecord?: JournalRecord;
  clock: Clock;
  log: Log;
  onLive: (devices: LiveValues[], alerts: Alert[], transitions: RuleTransition[]) => void;
  onStored: (batch: StoredBatch) => void;
  /** The worker is gone though nobody closed it: the platform cannot go on. */
  onFailure: (error: Error) => void;
}

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #worker: Worker;
  readonly #questions = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  readonly #settling = new Map<number, () => void>();
  readonly #troubles = new Map<ReaderName | 'keeper', string>();
  readonly #ready = Promise.withResolvers<Ready>();
  readonly #closed = Promise.withResolvers<void>();
  #received = 0;
  /** Messages accepted before this store was taken into use. */
  #acceptedBefore = 0;
  #ledger: LedgerPart = { tally: NOTHING_YET, dropped: 0 };
  #asked = 0;
  #ticker: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(options: PipelineOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options.setup, name: 'pipeline' });
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    this.#worker.on('error', (error) => this.#gone(error));
    this.#worker.on('exit', (code) => this.#gone(new Error(`the pipeline's thread ended with code ${code}`)));
  }

  /** @throws HaechiError where rules, stores or the state database cannot be used. */
  static async start(options: PipelineOptions): Promise<{ pipeline: Pipeline; ready: Ready }> {
    const pipeline = new Pipeline(options);
    const ready = await pipeline.#ready.promise;
    try {
      await pipeline.#begin(ready);
    } catch (error) {
      await pipeline.close();
      throw error;
    }
    return { pipeline, ready };
  }

  async #begin({ cursors, ledger }: Ready): Promise<void> {
    const { journal, startRecord, clock } = this.#options;
    this.#ledger = ledger;
    await journal.startAfter(Math.max(cursors.store, cursors.rules), ledger.tally.accepted);
    const stored = cursors.store;
    for (const reader of READERS) {
      const after = Math.max(cursors[reader], journal.oldest - 1);
      if (after > cursors[reader])
        this.#options.log.warn(
          { reader, from: cursors[reader] + 1, to: after },
          'journal: these groups are gone, the reader goes on after them',
        );
      cursors[reader] = after;
      await journal.moveCursor(reader, after);
    }
    this.#acceptedBefore = await acceptedBefore(
      journal,
      ledger.tally.accepted,
      ledger.tally.accepted > 0 ? stored : cursors.store,
    );
    this.#received = journal.head;
    this.#post({ type: 'group', group: journal.head });
    this.#post({ type: 'begin', after: cursors, acceptedBefore: this.#acceptedBefore, now: clock.now() });
    journal.onGroup((group, bytes) => this.#push(group, bytes));
    // Before the first tick: until it is there, silence is only that nobody listened.
    if (startRecord) await appendTo(journal, startRecord);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** What fails in the worker now, a line each. */
  get troubles(): string[] {
    return [...this.#troubles.values()];
  }

  setDevices(devices: Device[]): void {
    this.#post({ type: 'devices', devices });
  }

  /** What became of every message accepted so far, at this moment. */
  get ledger(): Ledger {
    return ledgerOf({ ...this.#ledger, accepted: this.#options.journal.accepted - this.#acceptedBefore });
  }

  /** @throws HaechiError STORE_UNREACHABLE, STORE_REFUSED, BUSY, CLOSED … */
  ask<Name extends keyof StoreQuestions>(
    name: Name,
    ask: StoreQuestions[Name]['ask'],
  ): Promise<StoreQuestions[Name]['answer']> {
    if (this.#closing) return Promise.reject(new HaechiError('CLOSED', 'the platform is stopping'));
    if (this.#questions.size >= QUESTIONS_MAX) {
      return Promise.reject(new HaechiError('BUSY', `more than ${QUESTIONS_MAX} questions to the store at once`));
    }
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.#post({ type: 'ask', id, question: { name, ask } as StoreQuestion });
    });
  }

  /** Resolves once the rules have handled every group that the journal holds now, and their alerts are written. */
  settled(): Promise<void> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#settling.set(id, resolve);
      this.#post({ type: 'settle', id, head: this.#options.journal.head });
    });
  }

  /** Every group that the journal holds now is handled and stored, or stays in the journal for the next start. */
  async close(): Promise<void> {
    if (this.#closing) return await this.#closed.promise;
    this.#closing = true;
    clearInterval(this.#ticker);
    this.#post({ type: 'close' });
    await this.#closed.promise;
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #push(group: number, bytes: Buffer): void {
    if (group - this.#received > IN_FLIGHT_GROUPS_MAX) this.#post({ type: 'group', group });
    else this.#post({ type: 'group', group, bytes }, [bytes.buffer as ArrayBuffer]);
  }

  #tick(): void {
    const { journal, clock } = this.#options;
    this.#post({ type: 'tick', now: journal.settledBefore(clock.now()), head: journal.head });
  }

  #take(message: FromWorker): void {
    const { journal, onLive, onStored } = this.#options;
    switch (message.type) {
      case 'ready':
        return this.#ready.resolve(message);
      case 'failed':
        this.#closing = true;
        return this.#ready.reject(new HaechiError(message.code as ErrorCode, message.message));
      case 'received':
        this.#received = Math.max(this.#received, message.group);
        return;
      case 'fetch':
        this.#fetch(message.group);
        return;
      case 'cursor':
        journal.moveCursor(message.reader, message.group).catch((error: unknown) => {
          // The cursor has moved; only the room is not freed, and the next move tries again.
          this.#options.log.error({ err: error }, 'journal: clearing failed');
        });
        return;
      case 'live':
        return onLive(message.devices, message.alerts, message.transitions);
      case 'stored':
        this.#ledger = message.ledger;
        return onStored(message.stored);
      case 'dropped':
        this.#ledger = message.ledger;
        return;
      case 'trouble':
        if (message.text === null) this.#troubles.delete(message.source);
        else this.#troubles.set(message.source, message.text);
        return;
      case 'answer': {
        const question = this.#questions.get(message.id);
        this.#questions.delete(message.id);
        if (message.answer) question?.resolve(message.answer);
        else question?.reject(asError(message));
        return;
      }
      case 'settled':
        this.#settling.get(message.id)?.();
        this.#settling.delete(message.id);
        return;
      case 'closed':
        this.#settleAll();
        this.#closed.resolve();
    }
  }

  #fetch(group: number): void {
    this.#options.journal.read(group).then(
      (bytes) => this.#post({ type: 'fetched', group, ...(bytes ? { bytes } : {}) }),
      (error: Error) => this.#post({ type: 'fetched', group, error: error.message }),
    );
  }

  /** Nothing more will come of what somebody waits for. */
  #settleAll(): void {
    for (const resolve of this.#settling.values()) resolve();
    this.#settling.clear();
  }

  #gone(error: Error): void {
    for (const question of this.#questions.values()) question.reject(error);
    this.#questions.clear();
    this.#settleAll();
    this.#closed.resolve();
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#ticker);
    this.#ready.reject(error);
    this.#options.onFailure(error);
  }
}

/**
 * Another store, or one whose files were lost, begins its ledger with the messages that come after it; what the journal had
 * accepted before is no part of it. Where groups are gone that this store never had, they are missed.
 */
async function acceptedBefore(journal: Journal, counted: number, after: number): Promise<number> {
  const through = await journal.acceptedThrough(after);
  return through === undefined || (counted > 0 && through < counted) ? 0 : through - counted;
}

function appendTo(journal: Journal, record: JournalRecord): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(record, (error) => (error ? reject(error) : resolve()));
  });
}

function asError({ error = 'failed', code }: { error?: string; code?: string }): Error {
  return code === undefined ? new Error(error) : new HaechiError(code as ErrorCode, error);
}
