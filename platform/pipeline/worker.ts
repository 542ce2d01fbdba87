/** The worker thread: decoding, the telemetry store, rules and alerts. It takes groups of the journal and never touches a socket. */
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createLog, HaechiError, messageOf } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { DeadLetterLog, decodeGroup, GroupFeed, StoreReader } from '@haechi/ingest';
import { loadCheckpoint, loadRules } from '@haechi/services';
import { openState } from '@haechi/storage';
import { copyStores } from '../backup/copy-stores.ts';
import type { FromWorker, LiveValues, StoreQuestion, ToWorker, WorkerSetup } from './messages.ts';
import { openTelemetry } from './open-telemetry.ts';
import { RulesReader } from './rules-reader.ts';
import { Stopwatch } from './stopwatch.ts';
import { StoreKeeper } from './store-keeper.ts';

async function work(port: MessagePort, setup: WorkerSetup): Promise<void> {
  const tell = (message: FromWorker) => port.postMessage(message);
  const log = createLog(setup.logLevel, 'pipeline');
  const domains = await loadDomains();
  const models = new Map(domains.map(({ id, model }) => [id, model]));
  const rules = domains.flatMap(({ model, rulesFile }) => loadRules(model, rulesFile));
  const db = await openState(join(setup.dataFolder, 'state.sqlite'));
  const store = await openTelemetry(setup, [...models.values()]);

  const fetching = new Map<number, { resolve: (bytes?: Uint8Array) => void; reject: (error: Error) => void }>();
  const limits = { futureMaxMs: setup.futureMaxMs, pastMaxMs: setup.pastMaxMs };
  const decodeS = new Stopwatch();
  const feed = new GroupFeed({
    decode: (group, bytes) => decodeS.of(() => decodeGroup({ models, limits }, group, bytes)),
    fetch: (group) =>
      new Promise((resolve, reject) => {
        fetching.set(group, { resolve, reject });
        tell({ type: 'fetch', group });
      }),
  });
  let at = await store.position();
  let dropped = await store.dropped();
  const storeReader = new StoreReader({
    feed,
    store,
    deadLetters: new DeadLetterLog(db, setup.deadLettersMax),
    log,
    onStored: (position, { readings, deadLetters, seconds: store }) => {
      at = position;
      const seconds = { decode: decodeS.take(), rules: rulesReader.busy.take(), store };
      tell({ type: 'stored', stored: { readings, deadLetters, seconds }, ledger: { tally: position.tally, dropped } });
      tell({ type: 'cursor', reader: 'store', group: position.group });
    },
    onTrouble: (text) => tell({ type: 'trouble', source: 'store', text }),
  });
  const rulesReader = new RulesReader({
    feed,
    rules,
    db,
    log,
    onLive: (devices, alerts, transitions) => tell({ type: 'live', devices, alerts, transitions }),
    onCheckpoint: (group) => tell({ type: 'cursor', reader: 'rules', group }),
    onTrouble: (text) => tell({ type: 'trouble', source: 'rules', text }),
  });

  const { engine } = rulesReader;
  const checkpoint = await loadCheckpoint(db);
  engine.restoreStart(checkpoint.startedAt);
  for (const device of setup.devices) engine.setDevice(device, checkpoint.devices.get(device.id));
  const devices: LiveValues[] = [...engine.twins()].flatMap(([id, { ts, receivedAt, values }]) =>
    ts === 0 ? [] : [{ id, ts, receivedAt, values }],
  );

  const keeper = new StoreKeeper({
    store,
    log,
    onDone: async () => {
      dropped = await store.dropped();
      tell({ type: 'dropped', ledger: { tally: at.tally, dropped } });
    },
    onTrouble: (text) => tell({ type: 'trouble', source: 'keeper', text }),
  });

  const running = Promise.withResolvers<unknown>();
  let begun = false;
  const answer = ({ name, ask }: StoreQuestion) => {
    switch (name) {
      case 'range':
        return store.range(ask);
      case 'group':
        return store.group(ask);
      case 'export':
        return store.export(ask, ask.path);
      case 'snapshot':
        return keeper.aside(() => storeReader.between(() => copyStores(store, setup.dataFolder, ask.folder)));
      case 'keptSince':
        return Promise.resolve(Object.fromEntries([...models.keys()].map((id) => [id, store.keptSince(id)])));
    }
  };
  const closeStores = async () => {
    if (!begun) running.resolve(undefined);
    feed.close();
    keeper.stop();
    storeReader.stop();
    rulesReader.stop();
    await running.promise;
    await store.close();
    await db.destroy();
    tell({ type: 'closed' });
    port.close();
  };
  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'begin':
        begun = true;
        keeper.tick(message.now);
        running.resolve(
          Promise.all([
            storeReader.run({ ...at, group: message.after.store }, message.acceptedBefore),
            rulesReader.run(message.after.rules),
            setup.keeps && keeper.run(),
          ]),
        );
        return;
      case 'group':
        feed.push(message.group, message.bytes);
        tell({ type: 'received', group: message.group });
        return;
      case 'fetched': {
        const waiting = fetching.get(message.group);
        fetching.delete(message.group);
        if (message.error === undefined) waiting?.resolve(message.bytes);
        else waiting?.reject(new Error(message.error));
        return;
      }
      case 'tick':
        rulesReader.tick(message.now, message.head);
        keeper.tick(message.now);
        return;
      case 'devices':
        for (const device of message.devices) engine.setDevice(device);
        return;
      case 'ask':
        answer(message.question).then(
          (found) => tell({ type: 'answer', id: message.id, answer: found }),
          (error: unknown) =>
            tell({
              type: 'answer',
              id: message.id,
              error: messageOf(error),
              ...(error instanceof HaechiError ? { code: error.code } : {}),
            }),
        );
        return;
      case 'settle':
        void rulesReader.settled(message.head).then(() => tell({ type: 'settled', id: message.id }));
        return;
      case 'close':
        void closeStores();
    }
  });
  tell({
    type: 'ready',
    cursors: { store: at.group, rules: checkpoint.group },
    ledger: { tally: at.tally, dropped },
    devices,
    store: store.description,
    readings: await store.count(),
  });
  await running.promise;
}

if (parentPort) {
  const port = parentPort;
  work(port, workerData as WorkerSetup).catch((error: unknown) => {
    if (!(error instanceof HaechiError)) throw error;
    port.postMessage({ type: 'failed', code: error.code, message: error.message } satisfies FromWorker);
    port.close();
  });
}
