import { Button, Code, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Fragment, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import { get } from '../api/client.ts';
import type { DeadLetterResource } from '../contract.ts';
import { useLive } from '../live/use-live.ts';
import { useLanguage } from '../locales/i18n.ts';
import { formatSize } from '../shared/format.ts';
import { Failed, SkeletonRows } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { Replay } from './replay.tsx';

const PAGE = 50;

interface Page {
  items: DeadLetterResource[];
  next: string | null;
}

function useDeadLetters(device: string, reason: string) {
  const [items, setItems] = useState<DeadLetterResource[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const load = useCallback(
    (cursor?: string, signal?: AbortSignal) => {
      get<Page>('/dead-letters', { device, reason, limit: PAGE, cursor }, signal).then(
        (page) => {
          setItems((before) => (cursor === undefined ? page.items : [...(before ?? []), ...page.items]));
          setNext(page.next);
          setError(null);
        },
        (failure: Error) => {
          if (!signal?.aborted) setError(failure);
        },
      );
    },
    [device, reason],
  );
  useEffect(() => {
    const abort = new AbortController();
    setItems(null);
    load(undefined, abort.signal);
    return () => abort.abort();
  }, [load]);
  return { items, error, more: next === null ? null : () => load(next), retry: () => load() };
}

/** What was acknowledged and could not be used: why, from whom, and its bytes. */
export function DeadLetters() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const device = search.get('device') ?? '';
  const reason = search.get('reason') ?? '';
  const [askedDevice] = useDebouncedValue(device, 250);
  const [askedReason] = useDebouncedValue(reason, 250);
  const { items, error, more, retry } = useDeadLetters(askedDevice, askedReason);
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  const filtered = device !== '' || reason !== '';
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <TextInput
          aria-label={t('platform.filterDevice')}
          placeholder={t('platform.filterDevice')}
          value={device}
          onChange={(event) => set('device', event.currentTarget.value)}
        />
        <TextInput
          aria-label={t('platform.filterReason')}
          placeholder={t('platform.filterReason')}
          value={reason}
          onChange={(event) => set('reason', event.currentTarget.value)}
        />
        {items?.some(({ replayable }) => replayable) && (
          <Replay key={`${askedDevice} ${askedReason}`} device={askedDevice} reason={askedReason} done={retry} />
        )}
      </Group>
      {error && <Failed what={t('state.deadLetters')} error={error} retry={retry} />}
      {!items && !error && <SkeletonRows count={4} />}
      {items?.length === 0 && (
        <Text c="dimmed">{filtered ? t('platform.deadLettersEmptyFiltered') : t('platform.deadLettersEmpty')}</Text>
      )}
      {items && items.length > 0 && <Letters items={items} />}
      {more && (
        <Group>
          <Button onClick={more}>{t('platform.more')}</Button>
        </Group>
      )}
    </Stack>
  );
}

function Letters({ items }: { items: readonly DeadLetterResource[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const times = useTimeWords();
  const now = useLive().store.now();
  const [opened, setOpened] = useState<number | null>(null);
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table verticalSpacing={6} className="h-figures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('platform.at')}</Table.Th>
            <Table.Th>{t('platform.reason')}</Table.Th>
            <Table.Th>{t('platform.detail')}</Table.Th>
            <Table.Th>{t('platform.topic')}</Table.Th>
            <Table.Th ta="right">{t('platform.size')}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((letter) => {
            const open = opened === letter.id;
            return (
              <Fragment key={letter.id}>
                <Table.Tr>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>{times.short(letter.receivedAt, now)}</Table.Td>
                  <Table.Td>{letter.reason}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{letter.detail}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{letter.topic}</Table.Td>
                  <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                    {formatSize(letter.size, language)}
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button size="compact-xs" aria-expanded={open} onClick={() => setOpened(open ? null : letter.id)}>
                      {open ? t('platform.hide') : t('platform.show')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
                {open && (
                  <Table.Tr>
                    <Table.Td colSpan={6}>
                      {letter.text === null && (
                        <Text size="xs" c="dimmed">
                          {t('platform.notText', { size: formatSize(letter.size, language) })}
                        </Text>
                      )}
                      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 320 }}>
                        {letter.text ?? letter.base64}
                      </Code>
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
