/** How far a long command is, how fast it goes and how long it still takes: a bar on a terminal, a line now and then elsewhere. */
import cliProgress from 'cli-progress';

const BAR_WIDTH = 24;
const REDRAWS_PER_S = 5;
/** Where nobody looks at it live (a log, a pipe): one line in this time. */
const LINE_EVERY_MS = 5000;
/** The rate is that of the last while: a slow beginning says nothing about the end. */
const RATE_WINDOW_MS = 10_000;

export type ProgressUnit = 'bytes' | 'rows';

export interface ProgressState {
  label: string;
  unit: ProgressUnit;
  done: number;
  /** Undefined where nobody can tell. */
  expected?: number | undefined;
  /** In units a second, over the last while; 0 where it is not known yet. */
  rate: number;
  /** Why it stands still, where it does. */
  note?: string | undefined;
}

export interface Progress extends Disposable {
  /** `expected` may become known, or better known, on the way. */
  set(done: number, expected?: number): void;
  /** Why it stands still; until the next `set`. */
  note(text: string): void;
  /** Draws the last state and leaves the line. Twice does no harm. */
  end(): void;
}

export function showProgress({
  label,
  unit,
  expected,
  stream = process.stderr,
}: {
  label: string;
  unit: ProgressUnit;
  expected?: number;
  stream?: NodeJS.WriteStream;
}): Progress {
  const rate = new RecentRate();
  const state: ProgressState = { label, unit, done: 0, expected, rate: 0 };
  const bar = new cliProgress.SingleBar({
    stream,
    format: (_options, { progress }) => `${barOf(state, progress, stream.isTTY)}${progressLine(state)}`,
    fps: REDRAWS_PER_S,
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY_MS,
    hideCursor: false, // Ctrl-C would leave it so
    gracefulExit: false,
    clearOnComplete: !stream.isTTY, // a line is ended already
    emptyOnZero: true,
  });
  let ended = false;
  bar.start(expected ?? 0, 0);
  const end = () => {
    if (ended) return;
    ended = true;
    bar.update(state.done);
    bar.stop();
  };
  return {
    note(text) {
      state.note = text;
    },
    set(done, nowExpected = state.expected) {
      state.done = done;
      state.note = undefined;
      state.rate = rate.add(done, performance.now());
      if (nowExpected !== state.expected) bar.setTotal(nowExpected ?? 0);
      state.expected = nowExpected;
      bar.update(done);
    },
    end,
    [Symbol.dispose]: end,
  };
}

function barOf({ expected }: ProgressState, progress: number, isTTY: boolean): string {
  if (!isTTY || expected === undefined) return '';
  const options = {
    barsize: BAR_WIDTH,
    barCompleteString: '█'.repeat(BAR_WIDTH),
    barIncompleteString: '░'.repeat(BAR_WIDTH),
  };
  return `${cliProgress.Format.BarFormat(Math.min(1, progress), options)} `;
}

/** `backup: 45 % · 1.2 of 2.6 GB · 230 MB/s · 6 s left` */
export function progressLine({ label, unit, done, expected, rate, note }: ProgressState): string {
  const parts: string[] = [];
  if (expected !== undefined && expected > 0) parts.push(`${Math.min(100, Math.floor((done / expected) * 100))} %`);
  parts.push(expected === undefined ? amount(done, unit) : `${amount(done, unit)} of ${amount(expected, unit)}`);
  if (rate > 0) parts.push(`${amount(rate, unit)}/s`);
  if (rate > 0 && expected !== undefined && done < expected) parts.push(`${duration((expected - done) / rate)} left`);
  if (note !== undefined) parts.push(note);
  return `${label}: ${parts.join(' · ')}`;
}

const SIZES = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** 1,234,567 → `1.2 MB`, or `1,234,567 rows`. */
export function amount(count: number, unit: ProgressUnit): string {
  if (unit === 'rows') return `${Math.round(count).toLocaleString('en')} rows`;
  const power = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${SIZES[power]}`;
}

/** Of seconds: `6 s`, `4 min 10 s`, `2 h 05 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** Units a second over the last while, from how many there were at which time. */
export class RecentRate {
  #samples: { done: number; atMs: number }[] = [];

  add(done: number, atMs: number): number {
    const last = this.#samples.at(-1);
    // A sample a tenth of a window is fine enough, and bounds how many there are.
    if (!last || atMs - last.atMs >= RATE_WINDOW_MS / 10) this.#samples.push({ done, atMs });
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= RATE_WINDOW_MS);
    const [first] = this.#samples;
    if (!first || atMs <= first.atMs) return 0;
    return ((done - first.done) / (atMs - first.atMs)) * 1000;
  }
}
