import { useCityWords } from '../city/use-city-words.ts';
import type { DeviceResource, HistoryResource } from '../contract.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import classes from './chart.module.css';
import { segmentsOf } from './state-segments.ts';
import type { Span } from './use-history.ts';

interface Props {
  device: DeviceResource;
  field: string;
  history: HistoryResource;
  span: Span;
}

/** What a word or a switch was, over the same time as the charts beside it. */
export function StateStrip({ device, field, history, span }: Props) {
  const words = useCityWords();
  const times = useTimeWords();
  const segments = segmentsOf(history, field, device.intervalS);
  const kinds = [...new Set(segments.map(({ value }) => value))];
  const length = span.to - span.from;
  const now = segments.at(-1);
  return (
    <figure className={classes['figure']}>
      <figcaption className={classes['caption']}>
        <b>{words.field(device.domain, field)}</b>
        {now && <span style={{ marginLeft: 'auto' }}>{words.value(device.domain, field, now.value)}</span>}
      </figcaption>
      <ol className={classes['strip']} aria-label={words.field(device.domain, field)}>
        {segments.map(({ from, to, value }) => {
          const text = words.value(device.domain, field, value);
          const left = Math.max(0, (from - span.from) / length);
          const right = Math.min(1, (to - span.from) / length);
          if (right <= 0 || left >= 1) return null;
          return (
            <li
              key={from}
              title={`${text} · ${times.time(from, 'date-time')} – ${times.time(to, 'date-time')}`}
              data-tone={kinds.indexOf(value) % 4}
              style={{ left: `${left * 100}%`, width: `max(2px, ${Math.max(0, right - left) * 100}%)` }}
            >
              {text}
            </li>
          );
        })}
      </ol>
    </figure>
  );
}
