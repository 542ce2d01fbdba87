/** What an operator sees, in Debian's Chromium: the demo city on the built dashboard. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlertResource } from '../dashboard/server/contract.ts';
import { eventually } from './support/eventually.ts';
import { PASSWORD, type StartedPlatform, startPlatform } from './support/platform.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Without a graphics card, without a sandbox for root, and without a word to the outside. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  ...['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
];
const CITY = { command: 'demo', args: ['--lights', '120', '--vehicles', '12'] };

let data: string;
let platform: StartedPlatform;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'haechi-browser-'));
  platform = await startPlatform(data, CITY);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  page.on('pageerror', (error) => problems.push(error.message));
}, 120_000);

afterAll(async () => {
  await browser.close();
  await platform.end();
  rmSync(data, { recursive: true, force: true });
});

async function signIn(): Promise<void> {
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const row = (id: string): Locator => page.locator(`[data-testid="alert-row"][data-alert-id="${id}"]`).first();

it('signs in, after a wrong password was refused', async () => {
  await page.goto(platform.url);
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('wrong password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('User name or password is wrong.').waitFor();
  await signIn();
  await page.getByTestId('connection').waitFor();
  await eventually(async () => (await page.getByTestId('connection').getAttribute('data-state')) === 'live');
});

it('draws every device on the map', { timeout: 90_000 }, async () => {
  const registered = (await platform.api.get<{ items: unknown[] }>('/device-map')).items.length;
  const map = page.getByTestId('map');
  await map.waitFor();
  await eventually(async () => (await map.getAttribute('data-ready')) === 'true', { timeoutMs: 60_000 });
  await eventually(async () => expect(Number(await map.getAttribute('data-devices'))).toBe(registered), {
    timeoutMs: 60_000,
  });
});

it('shows an alert without a reload, and acknowledges it', { timeout: 120_000 }, async () => {
  await page.evaluate('window.loadedOnce = true');
  const alert = await eventually(
    async () => (await platform.api.get<{ items: AlertResource[] }>('/alerts')).items.at(-1) ?? false,
    { timeoutMs: 90_000 },
  );
  await row(alert.id).waitFor();
  expect(await page.evaluate(`'loadedOnce' in window`)).toBe(true);
  expect(await row(alert.id).getAttribute('data-state')).toBe('unacknowledged');

  await row(alert.id).getByTestId('acknowledge').click();
  await eventually(async () => (await row(alert.id).getAttribute('data-state')) === 'acknowledged');
  await eventually(async () => {
    const told = await platform.api.get<AlertResource>(`/alerts/${alert.id}`);
    expect(told.acknowledgedBy).toBe('admin');
  });
});

it('sees a value change on a device’s page', { timeout: 90_000 }, async () => {
  const { items } = await platform.api.get<{ items: { id: string; kind: string }[] }>('/devices?domain=fleet&kind=bus');
  const before = new Map<string, string>();
  for (const { id } of items.slice(0, 3)) {
    await page.goto(`${platform.url}/devices/${id}`);
    const value = page.locator('[data-testid="device-value"][data-field="odometer"]');
    await value.waitFor();
    before.set(id, await page.locator('[data-testid="device-value"]').allInnerTexts().then(String));
    const changed = await eventually(
      async () => String(await page.locator('[data-testid="device-value"]').allInnerTexts()) !== before.get(id),
      { timeoutMs: 20_000 },
    ).catch(() => false);
    if (changed) return;
  }
  throw new Error('no bus moved');
});

it('finds the alert acknowledged after a restart of the platform', { timeout: 120_000 }, async () => {
  const { items } = await platform.api.get<{ items: AlertResource[] }>('/alerts?state=all');
  const seen = items.find(({ acknowledgedBy }) => acknowledgedBy === 'admin');
  if (!seen) throw new Error('nothing was acknowledged');
  const ports = [new URL(platform.url).port, String(platform.mqttPort)] as const;
  expect(await platform.end()).toBe(0);
  await eventually(async () => (await page.getByTestId('connection').getAttribute('data-state')) === 'lost');

  platform = await startPlatform(data, {
    ...CITY,
    args: [...CITY.args, '--http-port', ports[0], '--mqtt-port', ports[1]],
  });
  await eventually(async () => (await page.getByTestId('connection').getAttribute('data-state')) === 'live', {
    timeoutMs: 30_000,
  });
  await page.goto(`${platform.url}/alerts?state=all`);
  await row(seen.id).waitFor();
  expect(['acknowledged', 'closed']).toContain(await row(seen.id).getAttribute('data-state'));
});

it('speaks Korean', async () => {
  await page.getByText('한국어').first().click();
  await page.getByText('경보').first().waitFor();
  expect(await page.evaluate('document.documentElement.lang')).toBe('ko');
});

it('had no error on any page', () => {
  expect(problems).toEqual([]);
});
