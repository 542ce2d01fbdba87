import { ActionIcon, Button, Group, Pill, SegmentedControl, Select, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { StageButtons } from '../shell/stage-buttons.tsx';
import classes from './alerts.module.css';
import { type AlertFilters, isFiltered } from './filters.ts';

interface Props {
  filters: AlertFilters;
  onFilters: (filters: AlertFilters) => void;
  count: number;
  phone: boolean;
}

/** What the list is narrowed to, each as a chip that can be taken off. */
export function AlertToolbar({ filters, onFilters, count, phone }: Props) {
  const { t } = useTranslation();
  const { city, domains } = useCity();
  const words = useCityWords();
  const change = (part: Partial<AlertFilters>) => onFilters({ ...filters, ...part });
  const chips: [string, Partial<AlertFilters>][] = [
    ...filters.stages.map((stage): [string, Partial<AlertFilters>] => [
      t(`stage.${stage}`),
      { stages: filters.stages.filter((one) => one !== stage) },
    ]),
    ...(filters.domain ? [[words.domain(filters.domain), { domain: null }] as [string, Partial<AlertFilters>]] : []),
    ...(filters.district
      ? [[words.district(filters.district), { district: null }] as [string, Partial<AlertFilters>]]
      : []),
    ...(filters.device ? [[filters.device, { device: null }] as [string, Partial<AlertFilters>]] : []),
  ];
  return (
    <div className={classes['toolbar']}>
      <SegmentedControl
        size="xs"
        aria-label={t('alerts.title')}
        value={filters.state}
        onChange={(state) => change({ state: state === 'all' ? 'all' : 'open' })}
        data={[
          { value: 'open', label: t('alerts.open') },
          { value: 'all', label: t('alerts.all') },
        ]}
      />
      <Select
        aria-label={t('alerts.system')}
        placeholder={t('alerts.anySystem')}
        clearable
        w={phone ? 140 : 180}
        value={filters.domain}
        onChange={(domain) => change({ domain })}
        data={domains.map(({ id }) => ({ value: id, label: words.domain(id) }))}
      />
      <Select
        aria-label={t('alerts.district')}
        placeholder={t('alerts.anyDistrict')}
        clearable
        searchable
        w={phone ? 140 : 180}
        value={filters.district}
        onChange={(district) => change({ district })}
        data={city.districts.map(({ id }) => ({ value: id, label: words.district(id) }))}
      />
      {phone && (
        <div style={{ flex: '1 0 100%', display: 'flex', order: -1 }}>
          <StageButtons grow />
        </div>
      )}
      {chips.length > 0 && (
        <Group gap={4}>
          {chips.map(([name, without]) => (
            <Pill
              key={name}
              withRemoveButton
              onRemove={() => change(without)}
              removeButtonProps={{ 'aria-label': t('alerts.removeFilter', { name }), tabIndex: 0 }}
            >
              {name}
            </Pill>
          ))}
        </Group>
      )}
      {isFiltered(filters) && (
        <Button
          variant="subtle"
          onClick={() => onFilters({ stages: [], domain: null, district: null, device: null, state: filters.state })}
        >
          {t('alerts.clearFilters')}
        </Button>
      )}
      <Text c="dimmed" ml="auto" className="h-figures" aria-live="polite">
        {t('alerts.count', { count })}
      </Text>
    </div>
  );
}

interface SelectedProps {
  count: number;
  onAcknowledge: () => void;
  onClear: () => void;
}

export function SelectedBar({ count, onAcknowledge, onClear }: SelectedProps) {
  const { t } = useTranslation();
  return (
    <section className={classes['toolbar']} aria-label={t('alerts.selected', { count })}>
      <Text fw={600}>{t('alerts.selected', { count })}</Text>
      <Button variant="filled" onClick={onAcknowledge}>
        {t('alerts.acknowledgeSelected')}
      </Button>
      <ActionIcon aria-label={t('alerts.unselect')} onClick={onClear}>
        <IconX size={16} />
      </ActionIcon>
    </section>
  );
}
