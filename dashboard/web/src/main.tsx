import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import 'pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css';
import './theme/tokens.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startI18n } from './locales/i18n.ts';
import { SessionGate } from './session/session-gate.tsx';
import { App } from './shell/app.tsx';
import { cssVariables, theme } from './theme/theme.ts';
import { schemeManager } from './theme/use-scheme.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

await startI18n();
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
    >
      <Notifications position="bottom-left" limit={3} autoClose={5000} />
      <SessionGate>
        <App />
      </SessionGate>
    </MantineProvider>
  </StrictMode>,
);
