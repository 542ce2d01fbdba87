import { useCityNow } from '../live/use-live.ts';
import { useTimeWords } from './use-words-of-time.ts';

/** How long ago, counting on by itself; the full time on hover. */
export function Age({ at }: { at: number }) {
  const words = useTimeWords();
  const now = useCityNow();
  return (
    <time className="h-figures" dateTime={new Date(at).toISOString()} title={words.time(at, 'date-time')}>
      {words.age(at, now)}
    </time>
  );
}
