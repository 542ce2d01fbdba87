declare module 'aedes-persistence-level/asyncPersistence.js' {
  import type { ClassicLevel } from 'classic-level';

  /** Sessions, retained messages and queued commands on disk; ships without types. Of it, what session-store.ts reaches for. */
  export default class AsyncLevelPersistence {
    constructor(db: ClassicLevel);
    setup(broker: unknown): Promise<void>;
    addSubscriptions(client: { id: string }, subscriptions: { topic: string; qos: number }[]): Promise<void>;
    cleanSubscriptions(client: { id: string }): Promise<void>;
    removeSubscriptions(client: { id: string }, topics: string[]): Promise<void>;
    subscriptionsByClient(client: { id: string }): Promise<{ topic: string }[]>;
    outgoingEnqueue(subscription: { clientId: string }, packet: unknown): Promise<void>;
    outgoingClearMessageId(client: { id: string }, packet: { messageId?: number }): Promise<unknown>;
    destroy(): Promise<void>;
  }
}
