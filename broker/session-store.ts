/**
 * What is kept on disk for devices that are away: one session a device, in it a subscription to its own commands, and
 * the commands that wait, counted. aedes-persistence-level keeps the rest and bounds none of it (moscajs/aedes issue 1087).
 */
import AsyncLevelPersistence from 'aedes-persistence-level/asyncPersistence.js';
import type { ClassicLevel } from 'classic-level';

/** What of a session is on disk, by its key's beginning, in aedes-persistence-level 9. */
const KINDS = ['subscriptions', 'outgoing', 'outgoing-id', 'incoming'] as const;

/** Sessions are kept under the device's own name, so that nobody can take over another's by its client id. */
export function sessionId(username: string, clientId: string): string {
  return `${username}~${clientId}`;
}

function deviceOf(id: string): string {
  return id.slice(0, id.indexOf('~'));
}

export class SessionStore extends AsyncLevelPersistence {
  readonly #db: ClassicLevel;
  readonly #maySubscribe: (deviceId: string, filter: string) => boolean;
  /** Messages that wait, of each session that anything is known of, by device. */
  readonly #queued = new Map<string, Map<string, number>>();
  /** Acknowledgements under way: a device that acknowledges twice in one breath takes one off, not two. */
  readonly #clearing = new Set<string>();

  constructor(db: ClassicLevel, maySubscribe: (deviceId: string, filter: string) => boolean) {
    super(db);
    this.#db = db;
    this.#maySubscribe = maySubscribe;
  }

  override async setup(broker: unknown): Promise<void> {
    for (const kind of KINDS) {
      for await (const key of this.#db.keys(keysOf(kind))) {
        const id = decodeURIComponent(key.split(':')[1] ?? '');
        this.#count(id, kind === 'outgoing' ? 1 : 0);
      }
    }
    for (const sessions of [...this.#queued.values()]) {
      for (const id of [...sessions.keys()]) await this.#dropForeignFilters(id);
    }
    await super.setup(broker);
  }

  /** Messages that wait for a device. */
  queued(deviceId: string): number {
    return Math.max(0, ...(this.#queued.get(deviceId)?.values() ?? []));
  }

  has(id: string): boolean {
    return this.#queued.get(deviceOf(id))?.has(id) ?? false;
  }

  /** A device comes with a session that is to be kept: it is the only one from now on. */
  async take(id: string): Promise<void> {
    for (const other of this.#queued.get(deviceOf(id))?.keys() ?? []) if (other !== id) await this.end(other);
    this.#count(id, 0);
    // The device may have moved since: what it subscribed to then is not its own any more.
    await this.#dropForeignFilters(id);
  }

  /** Forgets a session with all that waits in it. */
  async end(id: string): Promise<void> {
    await this.cleanSubscriptions({ id });
    for (const kind of KINDS) await this.#db.clear(keysOf(kind, id));
    const sessions = this.#queued.get(deviceOf(id));
    sessions?.delete(id);
    if (sessions?.size === 0) this.#queued.delete(deviceOf(id));
  }

  async #dropForeignFilters(id: string): Promise<void> {
    const topics = (await this.subscriptionsByClient({ id })).map(({ topic }) => topic);
    const foreign = topics.filter((topic) => !this.#maySubscribe(deviceOf(id), topic));
    if (foreign.length > 0) await this.removeSubscriptions({ id }, foreign);
  }

  /**
   * aedes 1.2 keeps a whole SUBSCRIBE as soon as one of its filters is granted, the refused ones with it.
   * A session that another has replaced, or that ended while this came, keeps nothing.
   */
  override async addSubscriptions(client: { id: string }, subscriptions: { topic: string; qos: number }[]) {
    if (!this.has(client.id)) throw new Error('another session has taken over');
    const own = subscriptions.filter(({ topic }) => this.#maySubscribe(deviceOf(client.id), topic));
    await super.addSubscriptions(client, own);
  }

  override async outgoingEnqueue(subscription: { clientId: string }, packet: unknown): Promise<void> {
    await super.outgoingEnqueue(subscription, packet);
    this.#count(subscription.clientId, 1);
  }

  override async outgoingClearMessageId(client: { id: string }, packet: { messageId?: number }): Promise<unknown> {
    const key = `${client.id}:${packet.messageId}`;
    if (this.#clearing.has(key)) return undefined;
    this.#clearing.add(key);
    try {
      const cleared = await super.outgoingClearMessageId(client, packet);
      if (cleared !== undefined && this.has(client.id)) this.#count(client.id, -1);
      return cleared;
    } finally {
      this.#clearing.delete(key);
    }
  }

  #count(id: string, more: number): void {
    const device = deviceOf(id);
    let sessions = this.#queued.get(device);
    if (!sessions) {
      sessions = new Map();
      this.#queued.set(device, sessions);
    }
    sessions.set(id, Math.max(0, (sessions.get(id) ?? 0) + more));
  }
}

/** The range of a kind's keys, or of one session's: `;` is the next after `:`. */
function keysOf(kind: string, id?: string): { gte: string; lt: string } {
  const prefix = id === undefined ? kind : `${kind}:${encodeURIComponent(id)}`;
  return { gte: `${prefix}:`, lt: `${prefix};` };
}
