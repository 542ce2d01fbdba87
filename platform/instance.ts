/**
 * The whole machine on one page: identities and journal, the broker in front of them, the pipeline behind them, and the
 * dashboard on top. Data moves down this page; nothing reaches back up.
 */
import { join } from 'node:path';
import { Broker } from '@haechi/broker';
import { type Clock, createMetrics, type Device, type Log, type Settings } from '@haechi/core';
import { CityStore, DashboardServer, LiveFeed, type PlatformResource, type ReplayRequest } from '@haechi/dashboard';
import { loadDomains } from '@haechi/domains';
import { DeadLetterLog, Journal, type Ledger } from '@haechi/ingest';
import { AlertBook, loadKey, loadRules, People, Registry, type RuleTransition } from '@haechi/services';
import { openState } from '@haechi/storage';
import { Backups } from './backup/backups.ts';
import { clearWork } from './backup/work-folder.ts';
import { ensureDataFolder } from './data-folder.ts';
import { Exports } from './exports.ts';
import { Importer } from './import/importer.ts';
import { MessageRate } from './message-rate.ts';
import { telemetrySetup } from './pipeline/open-telemetry.ts';
import { Pipeline, READERS } from './pipeline/pipeline.ts';
import { replayLetters } from './replay-letters.ts';
import { VERSION } from './version.ts';

export interface InstanceOptions {
  settings: Settings;
  mode: PlatformResource['mode'];
  /** The city's time: the machine's, or a recording's. */
  clock: Clock;
  /** The machine's time: for sessions and uptime. */
  realClock: Clock;
  /** City seconds in a real second. */
  speed: () => number;
  log: Log;
  onTransitions?: (transitions: RuleTransition[]) => void;
  /** Something the platform cannot go on without is gone. */
  onFailure: (error: Error) => void;
}

export interface Instance {
  httpPort: number;
  mqttPort: number;
  registry: Registry;
  city: CityStore;
  /** The administrator's password, when it was made at this start: to be shown once. */
  newPassword: string | undefined;
  /** Resolves once every message acknowledged so far has been through the rules. */
  settled(): Promise<void>;
  platform(): Promise<PlatformResource>;
  close(): Promise<void>;
}

const WEB_FOLDER = join(import.meta.dirname, '../dashboard/web/dist');

/** @throws HaechiError PORT_TAKEN, DATA_FOLDER, DATA_LOCKED, RULE_INVALID, CITY_INVALID … each one clear line. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { settings, mode, clock, realClock, speed, log } = options;
  const { data } = settings;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (let step = closing.pop(); step; step = closing.pop()) await step();
  };
  try {
    await ensureDataFolder(data);
    const metrics = createMetrics();
    const domains = await loadDomains();
    const models = new Map(domains.map(({ id, model }) => [id, model]));
    const rules = domains.flatMap(({ model, rulesFile }) => loadRules(model, rulesFile));

    // What everything after it is written into first; its lock keeps a second Haechi out of the folder.
    const journal = await Journal.open({
      folder: join(data, 'journal'),
      sizeMax: settings.journalSizeMax,
      readers: READERS,
      log,
      metrics,
    });
    closing.push(() => journal.close());
    await clearWork(data);
    // A machine whose clock was set back over the restart must not write times before those it has.
    clock.notBefore(journal.newestReceivedAt);

    const db = await openState(join(data, 'state.sqlite'));
    closing.push(() => db.destroy());
    const registry = await Registry.open({ db, key: loadKey(data), models, clock: realClock });
    const alerts = new AlertBook(db);
    const people = new People({ db, clock: realClock });
    const deadLetters = new DeadLetterLog(db, settings.deadLettersMax);
    const city = new CityStore({
      path: join(data, 'city.json'),
      fixedPath: settings.cityFile,
      timeZone: settings.timeZone,
    });

    // Behind the journal: decoding, stores, rules and alerts, in a thread of their own.
    const feed = new LiveFeed({ clock, speed });
    const counts = { readings: 0 };
    const { pipeline, ready } = await Pipeline.start({
      setup: {
        ...telemetrySetup(settings, models.keys()),
        futureMaxMs: settings.futureMaxS * 1000,
        pastMaxMs: settings.pastMaxDays * 86_400_000,
        deadLettersMax: settings.deadLettersMax,
        keeps: mode !== 'replay',
        logLevel: settings.logLevel,
        devices: registry.list(),
      },
      journal,
      startRecord: { kind: 'start', receivedAt: clock.now(), topic: '', payload: new Uint8Array() },
      clock,
      log,
      onLive: (devices, changed, transitions) => {
        feed.setDevices(devices);
        feed.setAlerts(changed);
        for (const { transition } of transitions) metrics.transitions.inc({ transition });
        if (transitions.length > 0) options.onTransitions?.(transitions);
      },
      onStored: ({ readings, deadLetters, seconds }) => {
        counts.readings += readings;
        metrics.outcomes.inc({ outcome: 'reading-stored' }, readings);
        metrics.outcomes.inc({ outcome: 'dead-letter' }, deadLetters);
        metrics.storeBatch.observe(seconds.store);
        for (const [stage, spent] of Object.entries(seconds)) metrics.stageSeconds.inc({ stage }, spent);
      },
      onFailure: options.onFailure,
    });
    closing.push(() => pipeline.close());
    registry.onChange((devices) => {
      pipeline.setDevices(devices);
      feed.registryChanged();
    });
    counts.readings = ready.readings;
    feed.start(ready.devices, await alerts.list({ state: 'open', limit: OPEN_ALERTS_MAX }));
    closing.push(() => feed.stop());

    // In front of it: the broker acknowledges what the journal has synced.
    const broker = await Broker.start({
      host: settings.host,
      port: settings.mqttPort,
      folder: join(data, 'broker'),
      identities: registry,
      admit: ({ topic, payload }, done) =>
        journal.append({ kind: 'message', receivedAt: clock.now(), topic, payload }, done),
      onOversize: (device, size) => {
        deadLetters.add([{ letters: [oversized(device, size, clock.now())] }]).catch((error: unknown) => {
          log.error({ err: error, device: device.id, size }, 'an oversized payload could not be noted');
        });
      },
      payloadSizeMax: settings.payloadSizeMax,
      inflightMax: settings.inflightMax,
      connectionsMax: settings.connectionsMax,
      log,
      metrics,
    });
    closing.push(() => broker.close());
    // A device whose secret or place has changed proves itself anew.
    registry.onChange((devices) => broker.disconnect(devices.map(({ id }) => id)));

    metrics.showLedger(() => pipeline.ledger);
    const replayDeadLetters = (request: ReplayRequest) => replayLetters({ deadLetters, journal, clock, request });
    const rate = new MessageRate(() => journal.accepted);
    closing.push(() => rate.stop());
    const backups = new Backups(
      {
        data,
        store: ready.store,
        journal,
        copyStores: (folder) => pipeline.ask('snapshot', { folder }),
        copySessions: (folder) => broker.copySessions(folder),
      },
      log,
    );
    const fileExports = new Exports({ data, write: (query) => pipeline.ask('export', query), log });
    const importer = new Importer({
      registry,
      models,
      journal,
      journalSizeMax: settings.journalSizeMax,
      clock,
      limits: { futureMaxMs: settings.futureMaxS * 1000, pastMaxMs: settings.pastMaxDays * 86_400_000 },
      keptSince: () => pipeline.ask('keptSince', {}),
    });
    const startedAt = realClock.now();
    const platform = async (): Promise<PlatformResource> => ({
      version: VERSION,
      startedAt,
      uptimeS: Math.round((realClock.now() - startedAt) / 1000),
      mode,
      store: ready.store,
      devices: registry.size,
      connections: broker.connections,
      messagesAccepted: journal.accepted,
      ledger: pipeline.ledger,
      messagesPerSecond: rate.perSecond,
      readingsStored: counts.readings,
      deadLetters: await deadLetters.count(),
      journal: {
        head: journal.head,
        sizeBytes: journal.size,
        sizeBytesMax: settings.journalSizeMax,
        cursors: journal.cursors(),
        accepting: journal.accepting,
      },
      troubles: [
        ...pipeline.troubles,
        ...ledgerTroubles(pipeline.ledger),
        ...(journal.trouble ? [`${journal.trouble}: nothing is acknowledged, devices keep and resend`] : []),
      ],
    });
    const server = await DashboardServer.start({
      host: settings.host,
      port: settings.httpPort,
      trustProxy: settings.trustProxy,
      mode,
      version: VERSION,
      webFolder: WEB_FOLDER,
      clock,
      speed,
      city,
      domains,
      rules,
      registry,
      alerts,
      people,
      feed,
      history: (request) => pipeline.ask('range', request),
      groupHistory: (request) => pipeline.ask('group', request),
      deadLetters: (request) => deadLetters.list(request),
      platform,
      backup: () => backups.take(),
      exportReadings: (request) => fileExports.make(request),
      importReadings: (lines) => importer.take(lines),
      replayDeadLetters,
      log,
      metrics,
    });
    closing.push(() => server.close());
    // Last, when nothing can fail any more: a password that was made and not shown would lock everybody out.
    const newPassword = await people.ensureAdmin(settings.adminPassword);
    log.info({ http: server.port, mqtt: broker.port, store: ready.store, devices: registry.size, mode }, 'started');

    return {
      httpPort: server.port,
      mqttPort: broker.port,
      registry,
      city,
      newPassword,
      settled: () => pipeline.settled(),
      platform,
      close,
    };
  } catch (error) {
    await close().catch((later: unknown) => log.error({ err: later }, 'closing after a failed start'));
    throw error;
  }
}

/** Alerts shown at once; far more than anybody can look at, and the rest is a page away. */
const OPEN_ALERTS_MAX = 5000;

function ledgerTroubles({ unaccounted }: Ledger): string[] {
  if (unaccounted === 0) return [];
  return [`the delivery ledger does not balance: ${unaccounted} acknowledged messages are unaccounted for`];
}

function oversized(device: Device, size: number, receivedAt: number) {
  return {
    message: null,
    part: `oversized:${crypto.randomUUID()}`,
    whole: false,
    receivedAt,
    topic: `city/${device.district}/${device.domain}/${device.id}`,
    device: device.id,
    reason: 'payload-too-large',
    detail: `${size} bytes; not acknowledged, and the connection closed`,
    payload: new Uint8Array(),
  };
}
