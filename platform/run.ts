/** Starts one instance for a command, tells what it is, and ends it in order on a signal. */
import { createLog, messageOf, type Settings, SystemClock } from '@haechi/core';
import { type Instance, type InstanceOptions, startInstance } from './instance.ts';

/** A second Ctrl-C, or this long after the first, ends the process where it stands; the journal keeps what is not stored. */
const CLOSE_MS_MAX = 30_000;
/** One Ctrl-C may come twice: from the terminal, and by way of npm. */
const ONE_CTRL_C_MS = 1000;

export interface Running extends Instance {
  /** Called before the instance is closed. */
  beforeClose(step: () => Promise<void>): void;
  /** Resolves with the exit code once it was ended. */
  ended: Promise<number>;
  /** Ends it, in order. */
  end(code: number): void;
}

export type RunOptions = Pick<InstanceOptions, 'mode'> &
  Partial<Pick<InstanceOptions, 'clock' | 'speed' | 'onTransitions'>> & { settings: Settings };

export async function run({ settings, mode, clock, speed, onTransitions }: RunOptions): Promise<Running> {
  const log = createLog(settings.logLevel, 'haechi');
  const realClock = new SystemClock();
  const ended = Promise.withResolvers<number>();
  const steps: (() => Promise<void>)[] = [];
  let instance: Instance | undefined;
  let ending = false;
  const shutDown = async () => {
    for (const step of steps) await step();
    await instance?.close();
  };
  const end = (code: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), CLOSE_MS_MAX).unref();
    shutDown()
      .then(() => ended.resolve(code))
      .catch((error: unknown) => {
        log.fatal({ err: error }, 'closing failed');
        ended.resolve(1);
      });
  };
  instance = await startInstance({
    settings,
    mode,
    clock: clock ?? realClock,
    realClock,
    speed: speed ?? (() => 1),
    log,
    ...(onTransitions ? { onTransitions } : {}),
    onFailure: (error) => {
      log.fatal({ err: error }, 'the platform cannot go on');
      end(1);
    },
  });
  let signalledAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signalledAt ??= performance.now();
      if (ending && performance.now() - signalledAt > ONE_CTRL_C_MS) process.exit(1);
      end(0);
    });
  }
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error, reason: messageOf(error) }, 'a promise was left to fail');
    process.exit(1);
  });
  return { ...instance, ended: ended.promise, end, beforeClose: (step) => steps.push(step) };
}
