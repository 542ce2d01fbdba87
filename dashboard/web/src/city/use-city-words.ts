import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field, Value } from '../contract.ts';
import { useLanguage } from '../locales/i18n.ts';
import { formatValue, withUnit } from '../shared/format.ts';
import { useCity } from './city-context.ts';

export interface RuleWords {
  title: string;
  message: string;
  advice: string;
}

/** Everything that a city system and the city itself call things, in the reader's language; an id where nobody named it. */
export interface CityWords {
  city: string;
  domain: (id: string) => string;
  kind: (domain: string, kind: string) => string;
  field: (domain: string, field: string) => string;
  district: (id: string) => string;
  rule: (domain: string, rule: string) => RuleWords | null;
  /** Without its unit. */
  value: (domain: string, field: string, value: Value) => string;
  valueWithUnit: (domain: string, field: string, value: Value) => string;
  unit: (domain: string, field: string) => string;
}

export function useCityWords(): CityWords {
  const { t } = useTranslation();
  const language = useLanguage();
  const { city, domain: domainOf, field: fieldOf } = useCity();
  return useMemo(() => {
    const words = (domain: string) => domainOf(domain)?.locales[language];
    const districts = new Map(city.districts.map((district) => [district.id, district.name[language]]));
    const value = (domain: string, name: string, raw: Value) => {
      if (raw === '') return t('value.noValue');
      const field: Field | undefined = fieldOf(domain, name);
      const choices = words(domain)?.choices ?? {};
      return formatValue(raw, field, { choices, yes: t('value.yes'), no: t('value.no') }, language);
    };
    const unit = (domain: string, name: string) => fieldOf(domain, name)?.unit ?? '';
    return {
      city: city.name[language],
      domain: (id) => words(id)?.name ?? id,
      kind: (domain, kind) => words(domain)?.kinds[kind] ?? kind,
      field: (domain, field) => words(domain)?.fields[field] ?? field,
      district: (id) => districts.get(id) ?? id,
      rule: (domain, rule) => words(domain)?.rules[rule] ?? null,
      value,
      valueWithUnit: (domain, name, raw) => withUnit(value(domain, name, raw), unit(domain, name)),
      unit,
    };
  }, [t, language, city, domainOf, fieldOf]);
}
