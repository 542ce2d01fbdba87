import { describe, expect, it } from 'vitest';
import { PASSWORD, startServer, underpass } from '../tests/support/test-dashboard.ts';
import { ApiClient } from './api-client.ts';

describe('the command line’s client', () => {
  it('leaves no session behind when it is done, however that was', async () => {
    const { url, db, registry } = await startServer();
    const sessions = async () => (await db.selectFrom('sessions').selectAll().execute()).length;
    const command = async () => {
      await using client = await ApiClient.signIn(url, 'admin', PASSWORD);
      expect(await sessions()).toBe(1);
      await client.change('POST', '/devices', { devices: [underpass('a')] });
    };
    await command();
    expect([await sessions(), registry.size]).toEqual([0, 1]);
    await expect(command()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('exists already'),
    });
    expect(await sessions()).toBe(0);
  });

  it('signs out once, and not at all where the platform is gone', async () => {
    const { url, server } = await startServer();
    const client = await ApiClient.signIn(url, 'admin', PASSWORD);
    await client.close();
    await client.close();
    await expect(client.get('/session')).rejects.toMatchObject({ message: 'Sign in first' });
    const other = await ApiClient.signIn(url, 'admin', PASSWORD);
    await server.close();
    await other.close();
  });

  it('says what was wrong with the sign-in', async () => {
    const { url } = await startServer();
    await expect(ApiClient.signIn(url, 'admin', 'wrong')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(ApiClient.signIn(url, 'admin', undefined)).rejects.toThrow('password is missing');
    await expect(ApiClient.signIn('nowhere', 'admin', PASSWORD)).rejects.toThrow('is not an address');
  });
});
