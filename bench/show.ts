/** Results of the benchmarks as lines for a person. */
import type { CpuTime } from './cpu-time.ts';
import type { IdleResult } from './idle.ts';
import type { IngestResult, MemoryMinute, Row } from './ingest.ts';

const NAME_WIDTH = 44;

export function showIngest({ rows, ratios, memory, notes }: IngestResult): string {
  return [
    ...rows.map(rateLine),
    '',
    'Processor time for one message, µs (threads besides: the collector, LevelDB, DuckDB)',
    ...rows.map(cpuLine),
    '',
    ...Object.entries(ratios).map(([name, ratio]) => `${name}: ${ratio.toFixed(2)}`),
    ...memoryLines(memory),
    ...notes,
    '',
  ].join('\n');
}

function rateLine({ name, perSecond, p50Ms, p99Ms, lagMessages, lagGroups, caughtUpMs }: Row): string {
  const ms = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} ms`);
  const behind =
    lagMessages === undefined
      ? ''
      : `  ${lagMessages.toLocaleString('en')} messages (${lagGroups} groups) behind, caught up in ${Math.round(caughtUpMs ?? 0)} ms`;
  const rate = `${Math.round(perSecond).toLocaleString('en')}/s`;
  return `${name.padEnd(NAME_WIDTH)}${rate.padStart(11)}  p50 ${ms(p50Ms).padStart(8)}  p99 ${ms(p99Ms).padStart(8)}${behind}`;
}

function cpuLine({ name, loaderUs, cpuUs }: Row): string {
  const { main = 0, pipeline = 0, ...others } = cpuUs;
  const parts: CpuTime = { loader: loaderUs, main, pipeline, others: sum(Object.values(others)) };
  const shown = Object.entries({ ...parts, all: sum(Object.values(parts)) });
  return name.padEnd(NAME_WIDTH) + shown.map(([part, us]) => `${part} ${us.toFixed(2).padStart(5)}`).join('  ');
}

function memoryLines(memory: readonly MemoryMinute[]): string[] {
  const [first, last] = [memory[1], memory.at(-1)];
  if (!first || !last || last === first) return [];
  const slope = (last.residentMb - first.residentMb) / (last.minute - first.minute);
  return [
    '',
    ...memory.map(
      ({ minute, residentMb, lagMessages }) =>
        `minute ${minute}: ${residentMb.toFixed(0)} MB, ${lagMessages.toLocaleString('en')} messages behind`,
    ),
    `from the first minute on: ${slope.toFixed(1)} MB a minute`,
  ];
}

export function showIdle({ connections, beforeMb, afterMb, kbEach, notes }: IdleResult): string {
  const each = `${kbEach.toFixed(1)} KB each`;
  const memory = `${beforeMb.toFixed(0)} MB before, ${afterMb.toFixed(0)} MB with them`;
  return [`${connections.toLocaleString('en')} idle connections: ${memory}, ${each}`, ...notes, ''].join('\n');
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
