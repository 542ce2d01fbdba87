import { Button, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { change } from '../api/client.ts';
import type { ReplayResult } from '../contract.ts';
import { useLanguage } from '../locales/i18n.ts';
import { useSession } from '../session/session-context.ts';
import { formatNumber } from '../shared/format.ts';

interface Props {
  device: string;
  reason: string;
  done: () => void;
}

/** Sends the letters that are listed through the platform once more; for administrators. */
export function Replay({ device, reason, done }: Props) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { person } = useSession();
  const [busy, setBusy] = useState(false);
  if (person.role !== 'admin') return null;
  const filter = { ...(device ? { device } : {}), ...(reason ? { reason } : {}) };
  const replay = async () => {
    setBusy(true);
    try {
      let messages = 0;
      for (let next: ReplayResult['next'] | undefined; next !== null; ) {
        const result: ReplayResult = await change('POST', '/dead-letters/replay', { ...filter, ...next });
        messages += result.messages;
        next = result.next;
      }
      const message = t('platform.replayed', { messages: formatNumber(messages, 0, language) });
      notifications.show({ color: 'slate', message });
    } catch (error) {
      const message = t('platform.replayFailed', { reason: (error as Error).message });
      notifications.show({ color: 'red', message, autoClose: 12_000 });
    } finally {
      setBusy(false);
      done();
    }
  };
  return (
    <Tooltip label={t('platform.replayHint')}>
      <Button onClick={replay} loading={busy}>
        {t('platform.replay')}
      </Button>
    </Tooltip>
  );
}
