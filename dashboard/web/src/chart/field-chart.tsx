import 'uplot/dist/uPlot.min.css';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { AlertResource, DeviceResource } from '../contract.ts';
import { limitsOf } from '../device/limits.ts';
import { useLanguage } from '../locales/i18n.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { palettes } from '../theme/palette.ts';
import { useScheme } from '../theme/use-scheme.ts';
import classes from './chart.module.css';
import { chartOptions } from './chart-options.ts';
import type { FieldSeries } from './field-series.ts';
import type { Span } from './use-history.ts';

const HEIGHT = 200;

interface Props {
  device: DeviceResource;
  field: string;
  series: FieldSeries;
  span: Span;
  alerts: readonly AlertResource[];
  onZoom: (from: number, to: number) => void;
  onBack: () => void;
}

/** One field's course in one chart; its cursor is shared with the others of the page. */
export function FieldChart({ device, field, series, span, alerts, onZoom, onBack }: Props) {
  const { t } = useTranslation();
  const words = useCityWords();
  const times = useTimeWords();
  const language = useLanguage();
  const { city, field: fieldOf } = useCity();
  const { scheme } = useScheme();
  const { ref: box, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);

  const latest = useRef({ span, alerts, onZoom, onBack });
  const label = words.field(device.domain, field);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new width is set, not drawn anew; `language` stands for the words
  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const made = new uPlot(
      chartOptions(
        {
          palette: palettes[scheme],
          timeZone: city.timeZone,
          label,
          step: 10 ** -(fieldOf(device.domain, field)?.decimals ?? 1),
          write: (value) => words.value(device.domain, field, value),
          writeWithUnit: (value) => words.valueWithUnit(device.domain, field, value),
          limits: limitsOf(device.limits, field),
          limitLabel: ({ stage, value }) =>
            `${t(`stage.${stage}`)} ${words.valueWithUnit(device.domain, field, value)}`,
          marks: () =>
            latest.current.alerts
              .filter((alert) => alert.field === null || alert.field === field)
              .map(({ raisedAt, peakStage }) => ({ at: raisedAt, stage: peakStage })),
          span: () => latest.current.span,
          onZoom: (from, to) => latest.current.onZoom(from, to),
          onBack: () => latest.current.onBack(),
          syncKey: device.id,
        },
        width,
        HEIGHT,
      ),
      [[], [], [], []],
      element,
    );
    made.hooks.setCursor = [(chart: uPlot) => setAt(chart.cursor.idx ?? null)];
    setPlot(made);
    return () => {
      setPlot(null);
      made.destroy();
    };
  }, [device, field, label, scheme, city.timeZone, language, width > 0]);

  useEffect(() => {
    latest.current = { span, alerts, onZoom, onBack };
    plot?.setData([series.ts.map((ms) => ms / 1000), series.min, series.mean, series.max]);
  }, [plot, series, span, alerts, onZoom, onBack]);

  useEffect(() => {
    if (width > 0) plot?.setSize({ width, height: HEIGHT });
  }, [plot, width]);

  const mean = at === null ? null : (series.mean[at] ?? null);
  const when = at === null ? undefined : series.ts[at];
  const low = at === null ? null : (series.min[at] ?? null);
  const high = at === null ? null : (series.max[at] ?? null);
  const write = (value: number) => words.value(device.domain, field, value);
  const unit = words.unit(device.domain, field);
  return (
    <figure className={classes['figure']}>
      <figcaption className={classes['caption']}>
        <b>{label}</b> {unit && <span className="h-muted">{unit}</span>}
        <span className="h-figures" style={{ marginLeft: 'auto' }}>
          {mean !== null && when !== undefined && (
            <>
              <b>{words.valueWithUnit(device.domain, field, mean)}</b>
              {low !== null && high !== null && low !== high && (
                <span className="h-muted">
                  {' '}
                  ({write(low)} – {write(high)})
                </span>
              )}{' '}
              <span className="h-muted">{times.time(when, 'date-time')}</span>
            </>
          )}
        </span>
      </figcaption>
      <div ref={box}>
        <div ref={host} role="img" aria-label={t('chart.label', { field: label })} style={{ height: HEIGHT }} />
      </div>
    </figure>
  );
}
