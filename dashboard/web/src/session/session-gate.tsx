import { Center, Loader } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, change, get } from '../api/client.ts';
import type { Person } from '../contract.ts';
import { Failed } from '../shared/states.tsx';
import { SessionContext } from './session-context.ts';
import { SignIn } from './sign-in.tsx';

type State = { kind: 'asking' } | { kind: 'out' } | { kind: 'in'; person: Person } | { kind: 'failed'; error: Error };

/** Nothing of the city is asked for before somebody is signed in. The address stays, so signing in leads back to it. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [state, setState] = useState<State>({ kind: 'asking' });

  const ask = useCallback(async () => {
    setState({ kind: 'asking' });
    try {
      setState({ kind: 'in', person: await get<Person>('/session') });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) setState({ kind: 'out' });
      else setState({ kind: 'failed', error: error as Error });
    }
  }, []);

  useEffect(() => {
    void ask();
    const out = () => setState({ kind: 'out' });
    window.addEventListener('haechi-signed-out', out);
    return () => window.removeEventListener('haechi-signed-out', out);
  }, [ask]);

  const person = state.kind === 'in' ? state.person : null;
  const session = useMemo(
    () =>
      person && {
        person,
        signOut: () => {
          // Signed out on this screen even where the server cannot be told: its session ends by itself.
          change('DELETE', '/session').then(
            () => setState({ kind: 'out' }),
            () => setState({ kind: 'out' }),
          );
        },
      },
    [person],
  );

  if (session) return <SessionContext value={session}>{children}</SessionContext>;
  if (state.kind === 'out') return <SignIn onSignedIn={(signedIn) => setState({ kind: 'in', person: signedIn })} />;
  return (
    <Center h="100%">
      {state.kind === 'failed' ? (
        <Failed what={t('app.name')} error={state.error} retry={() => void ask()} />
      ) : (
        <Loader color="slate" aria-label={t('app.loading')} />
      )}
    </Center>
  );
}
