import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The process's metrics, Prometheus names, served at /metrics. One registry an instance, so that two never mix. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'haechi_' });
  const registers = [registry];
  return {
    registry,
    /** The delivery ledger, read whenever the metrics are. */
    showLedger: (ledger: () => object) => {
      new Gauge({
        name: 'haechi_ledger_messages',
        help: 'Acknowledged messages since the first start by what became of them; accepted is the sum of the others',
        labelNames: ['outcome'],
        registers,
        collect() {
          for (const [outcome, count] of Object.entries(ledger())) this.set({ outcome }, count);
        },
      });
    },
    connections: new Gauge({ name: 'haechi_mqtt_connections', help: 'Devices connected', registers }),
    refused: new Counter({
      name: 'haechi_mqtt_refused_total',
      help: 'Connections, publishes and subscriptions refused, by reason',
      labelNames: ['reason'],
      registers,
    }),
    accepted: new Counter({
      name: 'haechi_mqtt_messages_total',
      help: 'Messages journalled and acknowledged',
      registers,
    }),
    journalHead: new Gauge({ name: 'haechi_journal_head', help: 'Number of the newest synced group', registers }),
    journalBytes: new Gauge({ name: 'haechi_journal_bytes', help: 'Bytes the journal holds', registers }),
    journalSync: new Histogram({
      name: 'haechi_journal_sync_seconds',
      help: 'Time to write and sync one group',
      buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1],
      registers,
    }),
    /** Its rate is the share of a thread that the stage takes. */
    stageSeconds: new Counter({
      name: 'haechi_stage_seconds_total',
      help: 'Time spent on what was acknowledged, by stage: decode, rules, store',
      labelNames: ['stage'],
      registers,
    }),
    storeBatch: new Histogram({
      name: 'haechi_store_batch_seconds',
      help: 'Time from a batch of journal groups to its commit in the telemetry store',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    }),
    cursor: new Gauge({
      name: 'haechi_journal_cursor',
      help: 'Number of the last group a reader has finished with',
      labelNames: ['reader'],
      registers,
    }),
    outcomes: new Counter({
      name: 'haechi_ingest_total',
      help: 'Acknowledged messages and their readings, by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    transitions: new Counter({
      name: 'haechi_alert_transitions_total',
      help: 'Alert transitions',
      labelNames: ['transition'],
      registers,
    }),
    wsClients: new Gauge({ name: 'haechi_ws_clients', help: 'Open WebSocket connections', registers }),
  };
}
