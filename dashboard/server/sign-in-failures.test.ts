import { describe, expect, it } from 'vitest';
import { networkOf, SignInFailures } from './sign-in-failures.ts';

function start() {
  const time = { now: 0 };
  const failures = new SignInFailures(() => time.now);
  const fail = (address: string, name: string) => failures.begin(address, name).allowed;
  const succeed = (address: string, name: string) => {
    const attempt = failures.begin(address, name);
    if (attempt.allowed) attempt.succeeded();
    return attempt.allowed;
  };
  return { time, failures, fail, succeed };
}

describe('wrong attempts to sign in', () => {
  it('are let be ten a minute from one address, whatever the name', () => {
    const { time, fail, succeed, failures } = start();
    for (let i = 0; i < 10; i++) expect(fail('10.0.0.1', `name-${i}`)).toBe(true);
    time.now = 20_000;
    expect(failures.begin('10.0.0.1', 'kim')).toEqual({ allowed: false, waitMs: 40_000 });
    expect(succeed('10.0.0.2', 'kim')).toBe(true);
    time.now = 60_000;
    expect(succeed('10.0.0.1', 'kim')).toBe(true);
  });

  it('are let be thirty a minute for one name, whatever the address', () => {
    const { fail } = start();
    for (let i = 0; i < 30; i++) expect(fail(`10.0.0.${i}`, 'admin')).toBe(true);
    expect(fail('10.0.1.1', 'admin')).toBe(false);
    expect(fail('10.0.1.1', 'kim')).toBe(true);
  });

  it('are not counted with those that succeed', () => {
    const { fail, succeed } = start();
    for (let i = 0; i < 100; i++) expect(succeed('10.0.0.1', 'kim')).toBe(true);
    for (let i = 0; i < 9; i++) fail('10.0.0.1', 'kim');
    expect(succeed('10.0.0.1', 'kim')).toBe(true);
    expect([fail('10.0.0.1', 'kim'), fail('10.0.0.1', 'kim')]).toEqual([true, false]);
  });

  it('are counted while they are under way', () => {
    const { failures } = start();
    const many = Array.from({ length: 50 }, () => failures.begin('10.0.0.1', 'kim').allowed);
    expect(many.filter((allowed) => allowed)).toHaveLength(10);
  });

  it('from any number of addresses take a bounded memory', () => {
    const { fail } = start();
    for (let i = 0; i < 10; i++) fail('10.0.0.1', `a-${i}`);
    for (let i = 0; i < 10_000; i++) fail(`10.1.${i >> 8}.${i & 255}`, `b-${i}`);
    expect(fail('10.0.0.1', 'kim')).toBe(true);
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['::1', '0:0:0:0'],
  ])('from %s are those of %s', (address, network) => expect(networkOf(address)).toBe(network));
});
