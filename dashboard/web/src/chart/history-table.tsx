import { Table } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { useCityWords } from '../city/use-city-words.ts';
import type { HistoryResource, Value } from '../contract.ts';
import { withUnit } from '../shared/format.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import classes from './chart.module.css';

interface Props {
  domain: string;
  history: HistoryResource;
  fields: readonly string[];
}

/** The chart's numbers, newest first. */
export function HistoryTable({ domain, history, fields }: Props) {
  const { t } = useTranslation();
  const words = useCityWords();
  const times = useTimeWords();
  // A word has no mean.
  const isAggregated = (field: string) => history.intervalMs > 0 && history.fields[field]?.mean !== undefined;
  const rows = history.ts.map((at, index) => ({ at, index })).reverse();
  const text = (field: string, value: Value | null | undefined) =>
    value === null || value === undefined ? '' : words.value(domain, field, value);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes['tableScroll']} tabIndex={0} aria-label={t('chart.table')}>
      <Table stickyHeader verticalSpacing={4} className="h-figures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('chart.time')}</Table.Th>
            {fields.map((field) => {
              const name = withUnit(words.field(domain, field), words.unit(domain, field));
              return isAggregated(field) ? (
                <Fragment key={field}>
                  <Table.Th ta="right">
                    {name} · {t('chart.min')}
                  </Table.Th>
                  <Table.Th ta="right">{t('chart.mean')}</Table.Th>
                  <Table.Th ta="right">{t('chart.max')}</Table.Th>
                </Fragment>
              ) : (
                <Table.Th key={field} ta="right">
                  {name}
                </Table.Th>
              );
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ at, index }) => (
            <Table.Tr key={at}>
              <Table.Td>{times.time(at, 'date-time')}</Table.Td>
              {fields.map((field) => {
                const lists = history.fields[field];
                return (
                  <Fragment key={field}>
                    {isAggregated(field) && <Table.Td ta="right">{text(field, lists?.min?.[index])}</Table.Td>}
                    <Table.Td ta="right">{text(field, (lists?.mean ?? lists?.last)?.[index])}</Table.Td>
                    {isAggregated(field) && <Table.Td ta="right">{text(field, lists?.max?.[index])}</Table.Td>}
                  </Fragment>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
