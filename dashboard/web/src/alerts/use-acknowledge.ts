import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, change } from '../api/client.ts';
import type { AlertResource } from '../contract.ts';
import { useLive } from '../live/use-live.ts';
import { useSession } from '../session/session-context.ts';
import { useAlertWords } from './use-alert-words.ts';

/** So that five hundred rows at once do not become five hundred requests at once. */
const AT_ONCE_MAX = 6;

export type Acknowledge = (alerts: readonly AlertResource[], comment?: string) => Promise<void>;

/** Shown at once, told to the server, and taken back with its reason where the server refuses. */
export function useAcknowledge(): Acknowledge {
  const { t } = useTranslation();
  const { store } = useLive();
  const { person } = useSession();
  const words = useAlertWords();
  return useCallback(
    async (alerts, comment) => {
      const open = alerts.filter((alert) => alert.acknowledgedAt === null);
      const [first] = open;
      if (!first) return;
      for (const { id } of open) store.acknowledgeOptimistically(id, person.displayName);
      const waiting = open.map(({ id }) => id);
      const failures: Error[] = [];
      const work = async () => {
        for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
          try {
            const path = `/alerts/${encodeURIComponent(id)}/acknowledge`;
            store.settleAcknowledgement(id, await change<AlertResource>('POST', path, comment ? { comment } : {}));
          } catch (error) {
            store.settleAcknowledgement(id, null);
            failures.push(error as Error);
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, open.length) }, work));

      const [failure] = failures;
      if (failure) {
        const unreachable = failure instanceof ApiError && failure.status === 0;
        const reason = (unreachable ? t('state.unreachable') : failure.message).replace(/\.$/, '');
        notifications.show({ color: 'red', message: t('alerts.acknowledgeFailed', { reason }), autoClose: 12_000 });
      }
      const done = open.length - failures.length;
      if (done === 0) return;
      const message =
        open.length === 1
          ? t('alerts.acknowledged', { what: words.what(first) })
          : t('alerts.acknowledgedMany', { count: done });
      notifications.show({ color: 'slate', message });
    },
    [t, store, person, words],
  );
}
