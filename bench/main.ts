/**
 * `npm run bench -- ingest [--minutes N] [--json]`: what is taken in, as ratios within one run and as processor time for one message;
 * absolute rates belong to the machine. `--minutes` watches memory at half of bare aedes' rate.
 * `npm run bench -- idle [--json]`: what a connection costs that only pings.
 * `npm run bench -- query [--rows N] [--keep <folder>] [--json]`: what a chart waits for.
 */
import { benchIdle } from './idle.ts';
import { benchIngest } from './ingest.ts';
import { queryReport } from './query-report.ts';
import { showIdle, showIngest } from './show.ts';

const [what, ...flags] = process.argv.slice(2);

async function report(): Promise<string> {
  const json = flags.includes('--json');
  switch (what) {
    case 'ingest': {
      const minutes = flags.includes('--minutes') ? Number(flags[flags.indexOf('--minutes') + 1]) : 0;
      if (!(minutes >= 0)) break;
      const result = await benchIngest(minutes);
      return json ? `${JSON.stringify(result)}\n` : showIngest(result);
    }
    case 'idle': {
      const result = await benchIdle();
      return json ? `${JSON.stringify(result)}\n` : showIdle(result);
    }
    case 'query':
      return await queryReport(flags);
  }
  process.stderr.write('bench: say what: ingest [--minutes N], idle or query\n');
  process.exit(1);
}

process.stdout.write(await report());
