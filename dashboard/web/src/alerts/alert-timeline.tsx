import { Text, Timeline } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCityWords } from '../city/use-city-words.ts';
import type { AlertWithEvents } from '../contract.ts';
import { useLive } from '../live/use-live.ts';
import { StageShape } from '../shared/stage-mark.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';

/** What happened, oldest first: when, to which stage, at what value, by whom and why. */
export function AlertTimeline({ alert }: { alert: AlertWithEvents }) {
  const { t } = useTranslation();
  const words = useCityWords();
  const times = useTimeWords();
  const now = useLive().store.now();
  return (
    <Timeline bulletSize={20} lineWidth={1} active={alert.events.length} color="var(--h-line)">
      {alert.events.map((event) => {
        const stage = t(`stage.${event.stage}`);
        const quiet = event.what === 'cleared' || event.what === 'acknowledged';
        const value =
          event.value === null || alert.field === null
            ? null
            : words.valueWithUnit(alert.domain, alert.field, event.value);
        return (
          <Timeline.Item
            key={event.seq}
            bullet={quiet ? undefined : <StageShape stage={event.stage} size={12} />}
            styles={{ itemBullet: { background: 'var(--h-surface)' } }}
            title={t(`alert.event.${event.what}`, { stage, actor: event.actor ?? '' })}
          >
            <Text size="xs" c="dimmed" className="h-figures">
              <time dateTime={new Date(event.at).toISOString()}>{times.short(event.at, now)}</time>
              {value !== null && ` · ${value}`}
            </Text>
            {event.comment && <Text style={{ whiteSpace: 'pre-wrap' }}>“{event.comment}”</Text>}
          </Timeline.Item>
        );
      })}
    </Timeline>
  );
}
