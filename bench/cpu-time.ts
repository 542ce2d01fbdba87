/** What a process has used of the machine, by /proc: its threads' processor time, which neighbours hardly change, and its memory. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second (USER_HZ, fixed for every Linux that Node runs on). */
const TICK_US = 10_000;
const UTIME = 11;
const STIME = 12;

/** Microseconds so far, by the thread's name; threads of one name are summed up. Empty where there is no /proc. */
export type CpuTime = Record<string, number>;

export function cpuTimeOf(pid: number): CpuTime {
  const folder = `/proc/${pid}/task`;
  const time: CpuTime = {};
  if (!existsSync(folder)) return time;
  for (const thread of readdirSync(folder)) {
    let stat: string;
    try {
      stat = readFileSync(`${folder}/${thread}/stat`, 'utf8');
    } catch {
      continue; // it has ended since the folder was read
    }
    // The name stands in brackets and may hold anything; what comes after it is counted from its end.
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const key = Number(thread) === pid ? 'main' : name;
    time[key] = (time[key] ?? 0) + (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_US;
  }
  return time;
}

/** Microseconds of each thread for one message, those with none left out. */
export function perMessage(before: CpuTime, after: CpuTime, messages: number): CpuTime {
  const used = Object.entries(after).map(([name, time]) => [name, (time - (before[name] ?? 0)) / messages] as const);
  return Object.fromEntries(used.filter(([, time]) => time > 0.01));
}

/** Bytes of memory that a process holds now; NaN where there is no /proc. */
export function residentSize(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return Number.NaN;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1]) * 1024;
}
