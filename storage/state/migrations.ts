import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { StateDb } from './sqlite.ts';

/** In order, and never changed once released. */
const migrations: Record<string, Migration> = {
  '0001-start': { up: start },
  '0002-alert-indexes': { up: indexAlerts },
  '0003-dead-letter-replays': { up: replayDeadLetters },
};

async function start(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('devices')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('district', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('latitude', 'real', (c) => c.notNull())
    .addColumn('longitude', 'real', (c) => c.notNull())
    .addColumn('interval_s', 'real', (c) => c.notNull())
    .addColumn('parent', 'text')
    .addColumn('attributes_json', 'text', (c) => c.notNull())
    .addColumn('secret_hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('people')
    .addColumn('username', 'text', (c) => c.primaryKey())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('username', 'text', (c) => c.notNull().references('people.username'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('twins')
    .addColumn('device', 'text', (c) => c.primaryKey())
    .addColumn('state_json', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('cursors')
    .addColumn('reader', 'text', (c) => c.primaryKey())
    .addColumn('last_group', 'bigint', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('alerts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('rule', 'text', (c) => c.notNull())
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('device', 'text', (c) => c.notNull())
    .addColumn('district', 'text', (c) => c.notNull())
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('peak_stage', 'text', (c) => c.notNull())
    .addColumn('field', 'text')
    .addColumn('value_json', 'text')
    .addColumn('limit_value', 'real')
    .addColumn('raised_at', 'bigint', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addColumn('acknowledged_at', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('cleared_at', 'bigint')
    .addColumn('change_seq', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('alerts_change').on('alerts').column('change_seq').execute();
  await db.schema.createIndex('alerts_device').on('alerts').columns(['device', 'raised_at']).execute();
  await db.schema
    .createTable('alert_log')
    .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('alert', 'text', (c) => c.notNull().references('alerts.id'))
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('what', 'text', (c) => c.notNull())
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('value_json', 'text')
    .addColumn('actor', 'text')
    .addColumn('comment', 'text')
    // A group read again after a crash makes the same transitions; the second time they change nothing.
    .addUniqueConstraint('alert_log_once', ['alert', 'what', 'stage', 'at'])
    .execute();
  await db.schema
    .createTable('dead_letters')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('origin', 'text', (c) => c.notNull().unique())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .addColumn('topic', 'text', (c) => c.notNull())
    .addColumn('device', 'text')
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('payload', sql`blob`, (c) => c.notNull())
    .execute();
}

/** For the list of alerts, newest first, page by page: of all, of those still open, of one device. */
async function indexAlerts(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('alerts_raised').on('alerts').columns(['raised_at', 'id']).execute();
  await db.schema
    .createIndex('alerts_open')
    .on('alerts')
    .columns(['raised_at', 'id'])
    .where((eb) => eb.or([eb(sql.ref('cleared_at'), 'is', null), eb(sql.ref('acknowledged_at'), 'is', null)]))
    .execute();
  await db.schema.dropIndex('alerts_device').execute();
  await db.schema.createIndex('alerts_device').on('alerts').columns(['device', 'raised_at', 'id']).execute();
}

/** Which message a letter is of, whether nothing of it was stored, and which replays have taken effect. */
async function replayDeadLetters(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('dead_letters').addColumn('message', 'text').execute();
  await db.schema
    .alterTable('dead_letters')
    .addColumn('whole', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex('dead_letters_message').on('dead_letters').column('message').execute();
  await db.schema
    .createTable('dead_letter_replays')
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('last_group', 'bigint', (c) => c.notNull())
    .addColumn('record', 'integer', (c) => c.notNull())
    .addColumn('whole', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('dead_letter_replays_once', ['message', 'last_group', 'record'])
    .execute();
}

export async function migrate(db: StateDb): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
