/**
 * `npm run bench -- ingest [--json]`: figures as ratios within one run; absolute ones belong to the machine.
 * `npm run bench -- query [--rows N] [--keep <folder>] [--json]`: what a chart waits for.
 */
import { benchIngest, type Row } from './ingest.ts';
import { queryReport } from './query-report.ts';

const [what, ...flags] = process.argv.slice(2);
if (what === 'query') {
  process.stdout.write(await queryReport(flags));
  process.exit(0);
}
if (what !== 'ingest') {
  process.stderr.write('bench: say what: ingest or query\n');
  process.exit(1);
}
const { rows, ratios } = await benchIngest();
if (flags.includes('--json')) process.stdout.write(`${JSON.stringify({ rows, ratios })}\n`);
else {
  const line = ({ name, perSecond, p50Ms, p99Ms, lag, caughtUpMs }: Row) =>
    [
      name.padEnd(36),
      `${Math.round(perSecond).toLocaleString('en')}/s`.padStart(12),
      `p50 ${p50Ms.toFixed(1)} ms`.padStart(14),
      `p99 ${p99Ms.toFixed(1)} ms`.padStart(14),
      lag === undefined ? '' : `  ${lag} groups behind at the end, caught up in ${Math.round(caughtUpMs ?? 0)} ms`,
    ].join('');
  process.stdout.write(`${rows.map(line).join('\n')}\n\n`);
  for (const [name, ratio] of Object.entries(ratios)) process.stdout.write(`${name}: ${ratio.toFixed(2)}\n`);
}
