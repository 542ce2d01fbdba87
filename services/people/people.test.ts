import { join } from 'node:path';
import { VirtualClock } from '@haechi/core';
import { openState, type StateDb } from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { hashPassword, passwordMatches } from './passwords.ts';
import { People } from './people.ts';

const HOUR_MS = 3_600_000;
const KIM = { username: 'kim', displayName: 'Kim Minji', role: 'operator' } as const;

async function openPeople(folder = tempFolder()): Promise<{ people: People; clock: VirtualClock; db: StateDb }> {
  const db = await openState(join(folder, 'state.sqlite'));
  onTestFinished(() => db.destroy());
  const clock = new VirtualClock(1_000_000);
  return { people: new People({ db, clock }), clock, db };
}

describe('signing in', () => {
  it('gives a session of the person until it is signed out', async () => {
    const { people } = await openPeople();
    await people.add(KIM, 'open sesame');
    const session = await people.signIn('kim', 'open sesame');
    expect(session?.person).toEqual(KIM);
    const token = session?.token ?? '';
    expect(await people.personOf(token)).toEqual(KIM);
    await people.signOut(token);
    expect(await people.personOf(token)).toBeUndefined();
  });

  it('needs name and password that belong together', async () => {
    const { people } = await openPeople();
    await people.add(KIM, 'open sesame');
    expect(await people.signIn('kim', 'open sesame ')).toBeUndefined();
    expect(await people.signIn('lee', 'open sesame')).toBeUndefined();
    expect(await people.signIn('lee', 'nobody')).toBeUndefined();
    expect(await people.personOf('made up')).toBeUndefined();
  });

  it('lasts a watch, and not much longer', async () => {
    const { people, clock, db } = await openPeople();
    await people.add(KIM, 'open sesame');
    const token = (await people.signIn('kim', 'open sesame'))?.token ?? '';
    clock.advanceTo(clock.now() + 12 * HOUR_MS);
    expect(await people.personOf(token)).toEqual(KIM);
    clock.advanceTo(clock.now() + 2 * HOUR_MS);
    expect(await people.personOf(token)).toBeUndefined();
    clock.advanceTo(clock.now() + 1);
    await people.signIn('kim', 'open sesame');
    expect(await db.selectFrom('sessions').selectAll().execute()).toHaveLength(1);
  });

  it('outlives a restart of the platform', async () => {
    const folder = tempFolder();
    const { people, db } = await openPeople(folder);
    await people.add(KIM, 'open sesame');
    const token = (await people.signIn('kim', 'open sesame'))?.token ?? '';
    await db.destroy();
    expect(await (await openPeople(folder)).people.personOf(token)).toEqual(KIM);
  });

  it('ends everywhere when the person gets a new password', async () => {
    const { people } = await openPeople();
    await people.add(KIM, 'open sesame');
    const token = (await people.signIn('kim', 'open sesame'))?.token ?? '';
    await people.add({ ...KIM, role: 'admin' }, 'another one');
    expect(await people.personOf(token)).toBeUndefined();
    expect(await people.signIn('kim', 'open sesame')).toBeUndefined();
    expect((await people.signIn('kim', 'another one'))?.person.role).toBe('admin');
  });

  it('keeps neither password nor token', async () => {
    const { people, db } = await openPeople();
    await people.add(KIM, 'open sesame');
    const token = (await people.signIn('kim', 'open sesame'))?.token ?? 'none';
    const rows = [
      await db.selectFrom('people').selectAll().execute(),
      await db.selectFrom('sessions').selectAll().execute(),
    ];
    expect(JSON.stringify(rows)).not.toContain('open sesame');
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('the administrator', () => {
  it('is made once, with a password that is shown once', async () => {
    const { people } = await openPeople();
    const made = await people.ensureAdmin(undefined);
    expect(made).toMatch(/^[\w-]{16}$/);
    expect(await people.ensureAdmin(undefined)).toBeUndefined();
    expect((await people.signIn('admin', made ?? ''))?.person.role).toBe('admin');
  });

  it('has the password that the settings give, whose change ends the sessions', async () => {
    const { people } = await openPeople();
    expect(await people.ensureAdmin('first password')).toBeUndefined();
    const token = (await people.signIn('admin', 'first password'))?.token ?? '';
    expect(await people.ensureAdmin('first password')).toBeUndefined();
    expect(await people.personOf(token)).toMatchObject({ username: 'admin' });
    await people.ensureAdmin('second password');
    expect(await people.personOf(token)).toBeUndefined();
    expect(await people.signIn('admin', 'first password')).toBeUndefined();
    expect(await people.signIn('admin', 'second password')).toBeDefined();
  });
});

describe('a password', () => {
  it('matches however its letters are composed', async () => {
    const hash = await hashPassword('비밀번호 é'.normalize('NFC'));
    expect(await passwordMatches('비밀번호 é'.normalize('NFD'), hash)).toBe(true);
    expect(await passwordMatches('비밀번호 e', hash)).toBe(false);
  });

  it('is salted, and does not match what is no hash', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'));
    expect(await passwordMatches('same', '')).toBe(false);
    expect(await passwordMatches('same', 'same')).toBe(false);
  });
});
