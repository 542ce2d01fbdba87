import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { ENVIRONMENT, loadSettings, type SettingSources, settingsSchema } from './settings.ts';

/** Nothing of this machine's own environment or folder. */
function load({ yaml, ...sources }: SettingSources & { yaml?: string } = {}) {
  const folder = tempFolder();
  if (yaml !== undefined) writeFileSync(join(folder, 'haechi.yaml'), yaml);
  return loadSettings({ env: {}, folder, ...sources });
}

describe('a setting comes from', () => {
  it('its default, which works on a laptop', () => {
    expect(load()).toMatchObject({
      data: './data',
      httpPort: 8080,
      mqttPort: 1883,
      store: 'duckdb',
      timeZone: 'Asia/Seoul',
    });
  });

  it('the command, haechi.yaml, the environment, the flags: the later one wins', () => {
    const presets = { httpPort: 1, mqttPort: 1, host: 'preset', data: 'preset' };
    const yaml = 'mqttPort: 2\nhost: file\ndata: file\n';
    const env = { HAECHI_HOST: 'env', HAECHI_DATA: 'env' };
    expect(load({ presets, yaml, env, flags: { data: 'flag', host: undefined } })).toMatchObject({
      httpPort: 1,
      mqttPort: 2,
      host: 'env',
      data: 'flag',
    });
  });

  it('a variable of its own, for every setting there is', () => {
    expect(Object.keys(ENVIRONMENT).sort()).toEqual(Object.keys(settingsSchema.shape).sort());
    expect(new Set(Object.values(ENVIRONMENT)).size).toBe(Object.keys(ENVIRONMENT).length);
    for (const variable of Object.values(ENVIRONMENT)) expect(variable).toMatch(/^(HAECHI|INFLUX)_[A-Z_]+$/);
  });

  it('nowhere, where a place names it and leaves it empty', () => {
    const given = load({ env: { HAECHI_HTTP_PORT: '' }, yaml: 'mqttPort:\nadminPassword: ""\n' });
    expect(given).toMatchObject({ httpPort: 8080, mqttPort: 1883 });
    expect(given.adminPassword).toBeUndefined();
  });

  it.each([
    [{ env: { HAECHI_TRUST_PROXY: 'true' } }, true],
    [{ env: { HAECHI_TRUST_PROXY: '1' } }, true],
    [{ env: { HAECHI_TRUST_PROXY: 'false' } }, false],
    [{ yaml: 'trustProxy: true' }, true],
    [{}, false],
  ])('yes or no, as each place writes it: %o', (sources, trustProxy) => {
    expect(load(sources)).toMatchObject({ trustProxy });
  });

  it('JSON in the environment, where a setting has parts', () => {
    const retention = { default: { raw: 90 }, flood: { raw: 3660, minute: 3660 } };
    expect(load({ env: { HAECHI_RETENTION: JSON.stringify(retention) } }).retention).toEqual(retention);
    expect(load({ yaml: 'retention:\n  flood:\n    raw: 30\n' }).retention).toEqual({ flood: { raw: 30 } });
    expect(load().retention).toEqual({});
    for (const wrong of ['90', '{', '{"default": {"raw": 0}}', '{"default": {"week": 1}}']) {
      expect(() => load({ env: { HAECHI_RETENTION: wrong } })).toThrow(/HAECHI_RETENTION is wrong/);
    }
  });

  it('an empty file', () => {
    expect(load({ yaml: '' }).httpPort).toBe(8080);
    expect(load({ yaml: '# nothing yet\n' }).httpPort).toBe(8080);
  });
});

describe('a wrong setting stops the start with one line that names it and where it came from', () => {
  it.each<[string, SettingSources & { yaml?: string }, RegExp]>([
    ['the environment', { env: { HAECHI_MQTT_PORT: '99999' } }, /^setting HAECHI_MQTT_PORT is wrong: /],
    ['a flag', { flags: { httpPort: 'eighty' } }, /^setting --http-port is wrong: /],
    ['the file', { yaml: 'logLevel: loud' }, /^setting haechi\.yaml: logLevel is wrong: /],
    ['an unknown name', { yaml: 'colour: red' }, /^setting haechi\.yaml: colour is wrong: no such setting$/],
    [
      'a short password',
      { env: { HAECHI_ADMIN_PASSWORD: 'short' } },
      /HAECHI_ADMIN_PASSWORD is wrong: at least 8 characters/,
    ],
    [
      'a zone that is none',
      { env: { HAECHI_TIME_ZONE: 'Mars/Olympus' } },
      /HAECHI_TIME_ZONE is wrong: not an IANA time zone/,
    ],
    ['an offset for a zone', { env: { HAECHI_TIME_ZONE: '+09:00' } }, /HAECHI_TIME_ZONE is wrong/],
    ['neither yes nor no', { env: { HAECHI_TRUST_PROXY: 'perhaps' } }, /HAECHI_TRUST_PROXY is wrong: /],
    ['a bound below the least', { env: { HAECHI_JOURNAL_SIZE_MAX: '10' } }, /HAECHI_JOURNAL_SIZE_MAX is wrong/],
    ['a URL that is none', { env: { INFLUX_URL: 'somewhere' } }, /INFLUX_URL is wrong/],
  ])('%s', (_, sources, message) => {
    expect(() => load(sources)).toThrow(
      expect.objectContaining({ code: 'SETTING_INVALID', message: expect.stringMatching(message) }),
    );
    expect(() => load(sources)).toThrow(/^[^\n]*$/);
  });

  it.each(['port: [', '- a list', 'just words'])('a file that is no mapping: %s', (yaml) => {
    expect(() => load({ yaml })).toThrow(
      expect.objectContaining({
        code: 'SETTING_INVALID',
        message: expect.stringMatching(/haechi\.yaml cannot be read: [^\n]+$/),
      }),
    );
  });

  it('and never shows the value of a secret', () => {
    expect(() => load({ env: { HAECHI_ADMIN_PASSWORD: 'secret!' } })).not.toThrow(/secret!/);
  });
});
