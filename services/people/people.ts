/** Who may sign in, and who is. A session's token is random and kept only as a hash. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@haechi/core';
import type { StateDb } from '@haechi/storage';
import { hashPassword, passwordMatches } from './passwords.ts';

export type Role = 'operator' | 'admin';

export interface PersonRecord {
  username: string;
  displayName: string;
  role: Role;
}

/** A watch is twelve hours long; nobody should be thrown out in the middle of one. */
const SESSION_MS = 14 * 3_600_000;
/** What a check costs when there is no such person: a hash of nothing, so that time tells nothing. */
let decoy: Promise<string> | undefined;

export interface NewSession {
  token: string;
  lifeMs: number;
  person: PersonRecord;
}

export interface PeopleOptions {
  db: StateDb;
  /** The real clock: a session's life has nothing to do with the city's time. */
  clock: Clock;
}

export class People {
  readonly #db: StateDb;
  readonly #clock: Clock;

  constructor({ db, clock }: PeopleOptions) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * Makes sure that there is an `admin`. Where `password` is given it holds from now on.
   * @returns the password that was made, when one was: to be shown once.
   */
  async ensureAdmin(password: string | undefined): Promise<string | undefined> {
    const admin = await this.#db
      .selectFrom('people')
      .select('password_hash')
      .where('username', '=', 'admin')
      .executeTakeFirst();
    if (admin && (password === undefined || (await passwordMatches(password, admin.password_hash)))) return undefined;
    const made = password ?? randomBytes(12).toString('base64url');
    await this.add({ username: 'admin', displayName: 'Administrator', role: 'admin' }, made);
    return password === undefined ? made : undefined;
  }

  /** Adds a person, or gives one a new password and ends that person's sessions. */
  async add(person: PersonRecord, password: string): Promise<void> {
    const row = {
      username: person.username,
      display_name: person.displayName,
      role: person.role,
      password_hash: await hashPassword(password),
      created_at: this.#clock.now(),
    };
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('people')
        .values(row)
        .onConflict((conflict) => conflict.column('username').doUpdateSet(row))
        .execute();
      await tx.deleteFrom('sessions').where('username', '=', person.username).execute();
    });
  }

  /** A new session's token, or `undefined` where name and password do not belong together. */
  async signIn(username: string, password: string): Promise<NewSession | undefined> {
    const row = await this.#db.selectFrom('people').selectAll().where('username', '=', username).executeTakeFirst();
    decoy ??= hashPassword('nobody');
    const matches = await passwordMatches(password, row?.password_hash ?? (await decoy));
    if (!row || !matches) return undefined;
    const token = randomBytes(32).toString('base64url');
    const now = this.#clock.now();
    await this.#db.deleteFrom('sessions').where('expires_at', '<', now).execute();
    await this.#db
      .insertInto('sessions')
      .values({ token_hash: hashToken(token), username, created_at: now, expires_at: now + SESSION_MS })
      .execute();
    return { token, lifeMs: SESSION_MS, person: { username, displayName: row.display_name, role: row.role } };
  }

  async personOf(token: string): Promise<PersonRecord | undefined> {
    const row = await this.#db
      .selectFrom('sessions')
      .innerJoin('people', 'people.username', 'sessions.username')
      .select(['people.username', 'people.display_name', 'people.role'])
      .where('token_hash', '=', hashToken(token))
      .where('expires_at', '>', this.#clock.now())
      .executeTakeFirst();
    return row && { username: row.username, displayName: row.display_name, role: row.role };
  }

  async signOut(token: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('token_hash', '=', hashToken(token)).execute();
  }
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
