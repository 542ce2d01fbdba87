declare module 'aedes-persistence-level/asyncPersistence.js' {
  import type { ClassicLevel } from 'classic-level';

  /** Sessions, retained messages and queued commands on disk; ships without types. */
  export default class AsyncLevelPersistence {
    constructor(db: ClassicLevel);
    destroy(): Promise<void>;
  }
}
