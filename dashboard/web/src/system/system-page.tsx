import { Group, Select, Switch, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle, useLocalStorage } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { DeviceResource, DomainResource } from '../contract.ts';
import { useAlerts } from '../live/use-live.ts';
import { withUnit } from '../shared/format.ts';
import { Empty } from '../shared/states.tsx';
import { usePhone } from '../shell/use-phone.ts';
import { DeviceRow } from './device-row.tsx';
import classes from './system.module.css';
import { standingStages, systemRows } from './system-rows.ts';

const FIELD_COLUMNS_MAX = 5;

export function SystemPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const { domain: domainOf } = useCity();
  const words = useCityWords();
  const domain = domainOf(id);
  useDocumentTitle(`${words.domain(id)} · ${t('app.name')}`);
  return (
    <div className={classes['page']}>
      {domain ? (
        <System domain={domain} />
      ) : (
        <Empty title={t('system.unknown', { id })} hint={t('system.unknownHint')} />
      )}
    </div>
  );
}

function System({ domain }: { domain: DomainResource }) {
  const { t } = useTranslation();
  const { devices: everything, city } = useCity();
  const words = useCityWords();
  const alerts = useAlerts();
  const [search, setSearch] = useSearchParams();
  const [dense, setDense] = useLocalStorage({ key: 'haechi-dense', defaultValue: false });
  const kind = search.get('kind');
  const district = search.get('district');
  const text = search.get('q') ?? '';
  const wanted = useDeferredValue(text);
  const devices = useMemo(() => everything.filter((device) => device.domain === domain.id), [everything, domain]);
  const stages = useMemo(() => standingStages(alerts), [alerts]);
  const rows = useMemo(
    () => systemRows(devices, { text: wanted, kind, district }, stages),
    [devices, wanted, kind, district, stages],
  );
  const set = (name: string, value: string | null, replace = false) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(name, value);
        else after.delete(name);
        return after;
      },
      { replace },
    );

  return (
    <>
      <Group gap="md" px="md" pt="sm" align="baseline">
        <Title order={1} size="h3">
          {words.domain(domain.id)}
        </Title>
        <Text c="dimmed" className="h-figures">
          {rows.length === devices.length
            ? t('system.devices', { count: devices.length })
            : t('system.shown', { shown: rows.length, count: devices.length })}
        </Text>
      </Group>
      <Group gap="sm" px="md" py="sm">
        <TextInput
          aria-label={t('system.filter')}
          placeholder={t('system.filter')}
          value={text}
          onChange={(event) => set('q', event.currentTarget.value, true)}
        />
        <Select
          aria-label={t('system.kind')}
          placeholder={t('system.anyKind')}
          clearable
          w={180}
          value={kind}
          onChange={(value) => set('kind', value)}
          data={domain.kinds.map(({ id }) => ({ value: id, label: words.kind(domain.id, id) }))}
        />
        <Select
          aria-label={t('system.district')}
          placeholder={t('alerts.anyDistrict')}
          clearable
          searchable
          w={180}
          value={district}
          onChange={(value) => set('district', value)}
          data={city.districts.map(({ id }) => ({ value: id, label: words.district(id) }))}
        />
        <Switch
          size="xs"
          label={t('system.dense')}
          checked={dense}
          onChange={(event) => setDense(event.currentTarget.checked)}
        />
      </Group>
      {devices.length === 0 ? (
        <Empty title={t('system.empty')} hint={t('system.emptyHint')} />
      ) : rows.length === 0 ? (
        <Empty title={t('system.emptyFiltered')} />
      ) : (
        <DeviceTable domain={domain} kind={kind} rows={rows} stages={stages} rowPx={dense ? 24 : 32} />
      )}
    </>
  );
}

interface TableProps {
  domain: DomainResource;
  kind: string | null;
  rows: DeviceResource[];
  stages: ReturnType<typeof standingStages>;
  rowPx: number;
}

/** The columns of the chosen kind, or of what the kinds shown have to say first. */
function useColumns(domain: DomainResource, kind: string | null, phone: boolean): string[] {
  return useMemo(() => {
    const most = phone ? 1 : FIELD_COLUMNS_MAX;
    const shown = domain.kinds.filter(({ id }) => kind === null || id === kind);
    const [only] = shown;
    if (only && shown.length === 1) return only.fields.slice(0, most);
    return [...new Set(shown.flatMap(({ fields }) => fields.slice(0, 2)))].slice(0, most);
  }, [domain, kind, phone]);
}

function DeviceTable({ domain, kind, rows, stages, rowPx }: TableProps) {
  const { t } = useTranslation();
  const words = useCityWords();
  const phone = usePhone();
  const fields = useColumns(domain, kind, phone);
  const scroll = useRef<HTMLDivElement>(null);
  const height = phone ? 48 : rowPx;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  const columns = phone
    ? '92px minmax(0, 1.4fr) minmax(0, 1fr) 84px'
    : `120px minmax(160px, 1.6fr) minmax(90px, 0.7fr) minmax(90px, 0.7fr) ${fields.map(() => 'minmax(90px, 0.8fr)').join(' ')} 150px`;
  return (
    <div ref={scroll} className={classes['scroll']}>
      <table className={classes['inner']} aria-rowcount={rows.length} aria-label={words.domain(domain.id)}>
        <thead className={classes['sticky']}>
          <tr className={classes['head']} style={{ gridTemplateColumns: columns }}>
            <th scope="col">{t('system.state')}</th>
            <th scope="col">{t('system.name')}</th>
            {!phone && <th scope="col">{t('system.kind')}</th>}
            {!phone && <th scope="col">{t('system.district')}</th>}
            {fields.map((field) => (
              <th scope="col" key={field} className={`${classes['number']} h-ellipsis`}>
                {withUnit(words.field(domain.id, field), '')}
              </th>
            ))}
            <th scope="col" style={{ textAlign: 'right' }}>
              {t('system.age')}
            </th>
          </tr>
        </thead>
        <tbody style={{ display: 'block', position: 'relative', height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const device = rows[item.index];
            return (
              device && (
                <DeviceRow
                  key={device.id}
                  device={device}
                  stage={stages.get(device.id) ?? null}
                  fields={fields}
                  columns={columns}
                  top={item.start}
                  height={height}
                  phone={phone}
                />
              )
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
