// Makes a fresh checkout ready, then runs what was asked for. Plain JavaScript without dependencies, for it runs before
// anything is installed, on whatever Node is there (20 or later).
//
//   node setup/set-up.mjs demo|start|build|test [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');
const stamps = join(root, 'node_modules/.haechi');
const env = {
  UV_THREADPOOL_SIZE: '16',
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
};

/** Programs that tests drive, and the Debian packages they come in. */
const TEST_PROGRAMS = { chromium: 'chromium', mosquitto_pub: 'mosquitto-clients', influxd: 'influxdb' };

function fail(message) {
  process.stderr.write(`haechi set-up: ${message}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (error) fail(`${command} cannot be run: ${error.message}`);
  return status ?? 1;
}

/** Runs what was asked for, until it ends; what ends this one ends it. */
function runOn(args) {
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error) => fail(`${node} cannot be run: ${error.message}`));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Does `work` only where the content of `inputs` has changed since it last succeeded. */
function once(name, inputs, done, work) {
  const hash = createHash('sha256');
  for (const path of inputs.flatMap(filesUnder).sort()) hash.update(path).update(readFileSync(path));
  const now = hash.digest('hex');
  const stamp = join(stamps, name);
  if (done() && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, now);
}

function filesUnder(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return entry.name === 'dist' || entry.name === 'node_modules' ? [] : filesUnder(inner);
    return [inner];
  });
}

function dependencies() {
  if (installed()) return;
  process.stderr.write('haechi set-up: installing dependencies\n');
  // Without --include a NODE_ENV of production would leave out what the build needs.
  if (run('npm', ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error']) !== 0)
    fail('npm ci failed; its message is above');
}

/** Whether everything that the lock file names is there in its version, by npm's own account of what it installed. */
function installed() {
  const account = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(node) || !existsSync(account)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const there = JSON.parse(readFileSync(account, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, link, optional, peer }]) => {
    if (path === '' || link || !path.startsWith('node_modules/')) return true;
    // A binary for another machine is left out by npm itself.
    return there[path] ? there[path].version === version : Boolean(optional || peer);
  });
}

function dashboard() {
  const web = join(root, 'dashboard/web');
  const inputs = [web, ...['core', 'domains', 'dashboard/server'].map((name) => join(root, name))];
  once(
    'dashboard',
    inputs,
    () => existsSync(join(web, 'dist/index.html')),
    () => {
      process.stderr.write('haechi set-up: building the dashboard\n');
      const vite = join(root, 'node_modules/vite/bin/vite.js');
      if (run(node, [vite, 'build', 'dashboard/web', '--logLevel', 'warn']) !== 0)
        fail('the dashboard could not be built; the message is above');
    },
  );
}

function testPrograms() {
  const missing = Object.entries(TEST_PROGRAMS).filter(([program]) => !onPath(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const apt = onPath('apt-get') && process.getuid?.() === 0;
  const wanted = `tests need ${packages.join(', ')}: apt-get install ${packages.join(' ')}`;
  if (!apt) fail(wanted);
  process.stderr.write(`haechi set-up: installing ${packages.join(', ')}\n`);
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  run('apt-get', ['-qq', 'update'], quiet);
  if (run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...packages], quiet) !== 0) fail(wanted);
}

function onPath(program) {
  return (env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

const [what, ...rest] = process.argv.slice(2);
const haechi = join(root, 'platform/main.ts');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const targets = {
  build: () => 0,
  demo: () => runOn([haechi, 'demo', ...rest]),
  start: () => runOn([haechi, 'start', ...rest]),
  test: () => runOn([vitest, 'run', ...rest]),
};
const target = targets[what];
if (!target) fail(`say what: ${Object.keys(targets).join(', ')}`);
dependencies();
dashboard();
if (what === 'test') testPrograms();
process.exit(await target());
