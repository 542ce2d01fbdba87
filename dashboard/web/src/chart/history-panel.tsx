import { Button, Chip, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { IconChartLine, IconDownload, IconTable } from '@tabler/icons-react';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { AlertResource, DeviceResource } from '../contract.ts';
import { Empty, Failed } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { seriesOf } from './field-series.ts';
import { historyCsv } from './history-csv.ts';
import { HistoryTable } from './history-table.tsx';
import { segmentsOf } from './state-segments.ts';
import { StateStrip } from './state-strip.tsx';
import { RANGES, type Range, useHistory, useLivePoints, useSpan } from './use-history.ts';

const FieldChart = lazy(() => import('./field-chart.tsx').then((module) => ({ default: module.FieldChart })));

/** More lines than this say nothing any more. */
const FIELDS_MAX = 4;
const FIELDS_FIRST = 2;

function isRange(text: string | null): text is Range {
  return text !== null && text in RANGES;
}

/** Range, zoom, fields and view as the address holds them. */
function useView(drawable: readonly string[]) {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('fields')?.split(',') ?? drawable.slice(0, FIELDS_FIRST);
  const fields = drawable.filter((field) => asked.includes(field)).slice(0, FIELDS_MAX);
  const range = search.get('range');
  const from = Number(search.get('from'));
  const to = Number(search.get('to'));
  const set = (changes: Record<string, string | null>) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) after.delete(name);
        else after.set(name, value);
      }
      return after;
    });
  return {
    fields,
    range: isRange(range) ? range : ('1h' as const),
    zoom: from > 0 && to > from ? { from, to } : null,
    table: search.get('as') === 'table',
    set,
  };
}

export function HistoryPanel({ device, alerts }: { device: DeviceResource; alerts: readonly AlertResource[] }) {
  const { t } = useTranslation();
  const words = useCityWords();
  const times = useTimeWords();
  const { kind: kindOf, field: fieldOf } = useCity();
  const drawable = useMemo(() => {
    const own = kindOf(device.domain, device.kind)?.fields ?? [];
    return own.filter((field) => (fieldOf(device.domain, field)?.type ?? 'text') !== 'text');
  }, [device, kindOf, fieldOf]);
  const { fields, range, zoom, table, set } = useView(drawable);
  const history = useHistory(device.id, fields, range, zoom);
  const live = useLivePoints(device);
  const span = useSpan(range, zoom);
  const { moving } = span;
  const charts = useMemo(
    () =>
      fields.map((field) => ({
        field,
        series: seriesOf(history.data, field, device.intervalS, (moving && live.get(field)) || []),
      })),
    [fields, history.data, device.intervalS, moving, live],
  );
  const isState = (field: string) => fieldOf(device.domain, field)?.type !== 'number';
  const { data } = history;
  const nothing =
    data !== undefined &&
    charts.every(({ field, series }) =>
      isState(field) ? segmentsOf(data, field, device.intervalS).length === 0 : series.ts.length === 0,
    );

  const download = () => {
    if (!history.data) return;
    const columns = fields.map((name) => ({ name, unit: words.unit(device.domain, name) }));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([historyCsv(history.data, columns)], { type: 'text/csv' }));
    link.download = `${device.id}-${new Date(history.data.from).toISOString().slice(0, 16).replace(':', '')}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  return (
    <Stack gap="sm">
      <Group gap="sm">
        <SegmentedControl
          size="xs"
          aria-label={t('chart.range')}
          value={zoom ? '' : range}
          onChange={(value) => set({ range: value, from: null, to: null })}
          data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`chart.rangeOf.${value}`) }))}
        />
        <Button
          leftSection={table ? <IconChartLine size={16} /> : <IconTable size={16} />}
          onClick={() => set({ as: table ? null : 'table' })}
        >
          {table ? t('chart.chart') : t('chart.table')}
        </Button>
        <Button leftSection={<IconDownload size={16} />} onClick={download} disabled={!history.data || nothing}>
          {t('chart.csv')}
        </Button>
      </Group>
      {drawable.length > 1 && (
        <Chip.Group
          multiple
          value={fields}
          onChange={(next) => set({ fields: drawable.filter((field) => next.includes(field)).join(',') })}
        >
          <Group gap={4}>
            {drawable.map((field) => (
              <Chip
                key={field}
                value={field}
                size="xs"
                disabled={fields.length >= FIELDS_MAX && !fields.includes(field)}
              >
                {words.field(device.domain, field)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
      <Group gap="md" mih={26}>
        {history.data && (
          <Text size="xs" c="dimmed">
            {history.data.intervalMs === 0
              ? t('chart.raw')
              : t('chart.resolution', { interval: times.duration(history.data.intervalMs) })}
          </Text>
        )}
        {zoom ? (
          <>
            <Text size="xs">
              {t('chart.zoomed', { from: times.time(zoom.from, 'date-time'), to: times.time(zoom.to, 'date-time') })}
            </Text>
            <Button size="compact-xs" onClick={() => set({ from: null, to: null })}>
              {t('chart.back')}
            </Button>
          </>
        ) : (
          <Text size="xs" c="dimmed">
            {t('chart.help')}
          </Text>
        )}
      </Group>
      {history.error && !history.data && (
        <Failed what={t('device.history')} error={history.error} retry={history.retry} />
      )}
      {history.loading && fields.map((field) => <Skeleton key={field} height={220} />)}
      {nothing && <Empty title={t('chart.empty')} hint={t('chart.emptyHint')} />}
      {history.data && !nothing && table && (
        <HistoryTable domain={device.domain} history={history.data} fields={fields} />
      )}
      {data && !nothing && !table && (
        <Suspense fallback={fields.map((field) => <Skeleton key={field} height={220} />)}>
          {charts.map(({ field, series }) =>
            isState(field) ? (
              <StateStrip key={field} device={device} field={field} history={data} span={span} />
            ) : (
              <FieldChart
                key={field}
                device={device}
                field={field}
                series={series}
                span={span}
                alerts={alerts}
                onZoom={(from, to) => set({ from: String(Math.round(from)), to: String(Math.round(to)) })}
                onBack={() => set({ from: null, to: null })}
              />
            ),
          )}
        </Suspense>
      )}
    </Stack>
  );
}
