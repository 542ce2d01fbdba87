import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Language } from '../contract.ts';
import { setLanguage, useLanguage } from '../locales/i18n.ts';
import { useScheme } from '../theme/use-scheme.ts';

/** Each language in its own words, so that whoever cannot read the present one finds theirs. */
export function LanguageSwitch() {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('bar.language')}
      value={language}
      onChange={(value) => void setLanguage(value as Language)}
      data={[
        { value: 'en', label: 'EN' },
        { value: 'ko', label: '한국어' },
      ]}
    />
  );
}

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { scheme, toggle } = useScheme();
  const label = scheme === 'dark' ? t('bar.themeLight') : t('bar.themeDark');
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={toggle}>
        {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
