import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnection, useLive } from '../live/use-live.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import classes from './frame.module.css';

export function ConnectionBand() {
  const { t } = useTranslation();
  const words = useTimeWords();
  const { retryNow } = useLive();
  const { heardAt, heardAtLocal, nextTryAt } = useConnection();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);

  const known = heardAt !== null && heardAtLocal !== null;
  const seconds = nextTryAt === null ? 0 : Math.ceil((nextTryAt - now) / 1000);
  return (
    <div className={classes['band']} role="alert">
      <span style={{ flex: 1 }}>
        {known ? t('connection.band', { age: words.bareAge(heardAtLocal, now) }) : t('connection.never')}{' '}
        {known && t('connection.bandSince', { time: words.time(heardAt, 'clock') })}{' '}
        <span className="h-figures">
          {seconds > 0 ? t('connection.retryIn', { seconds }) : t('connection.retrying')}
        </span>
      </span>
      <Button onClick={retryNow} style={{ flex: 'none' }}>
        {t('connection.retry')}
      </Button>
    </div>
  );
}
