import 'maplibre-gl/dist/maplibre-gl.css';
import { ActionIcon, Stack, Tooltip } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { IconArrowsMaximize, IconMinus, IconPlus } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import { useSelection } from '../alerts/use-selection.ts';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { STAGES, type Stage } from '../core.ts';
import { useAlerts, useLive } from '../live/use-live.ts';
import { useLanguage } from '../locales/i18n.ts';
import { usePhone } from '../shell/use-phone.ts';
import { palettes } from '../theme/palette.ts';
import { useScheme } from '../theme/use-scheme.ts';
import { CityMapDrawing } from './city-map-drawing.ts';
import { DeviceTip } from './device-tip.tsx';
import { loadMapFont } from './ground-style.ts';
import classes from './map.module.css';
import { type MapPosition, readPosition, writePosition } from './map-position.ts';

const SHEET_PX = 404;

interface Hovered {
  id: string;
  x: number;
  y: number;
}

export function CityMap({ onFailed }: { onFailed: () => void }) {
  const { t } = useTranslation();
  const city = useCity();
  const words = useCityWords();
  const { store } = useLive();
  const language = useLanguage();
  const { scheme } = useScheme();
  const phone = usePhone();
  const still = useReducedMotion();
  const [search, setSearch] = useSearchParams();
  const { alert, device, select } = useSelection();
  const alerts = useAlerts();
  const container = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<CityMapDrawing | null>(null);
  const [hovered, setHovered] = useState<Hovered | null>(null);

  const written = search.get('map');
  const inAddress = useRef(written);
  const selected = device ?? alerts.find(({ id }) => id === alert)?.device ?? null;

  // What the map calls back, without making it anew when these change.
  const actions = useRef({ select, setSearch, onFailed });
  useEffect(() => {
    actions.current = { select, setSearch, onFailed };
  });

  useEffect(() => {
    const element = container.current;
    if (!element) return;
    let made: CityMapDrawing | null = null;
    let gone = false;
    const stageWords = Object.fromEntries(STAGES.map((stage) => [stage, t(`stage.${stage}`)])) as Record<Stage, string>;
    const moved = (position: MapPosition) => {
      const text = writePosition(position);
      inAddress.current = text;
      actions.current.setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          after.set('map', text);
          return after;
        },
        { replace: true },
      );
    };
    const names = city.devices.filter(({ name }) => name !== '').map(({ name }) => name);
    const make = () => {
      if (gone) return;
      try {
        made = new CityMapDrawing({
          container: element,
          label: t('map.label'),
          city,
          store,
          palette: palettes[scheme],
          language,
          stageWords,
          still,
          position: readPosition(inAddress.current),
          onMoved: moved,
          onSelect: (id) => actions.current.select('device', id),
          onHover: (id, x, y) => setHovered(id === null ? null : { id, x, y }),
          onDrawn: (devices) => {
            element.dataset['devices'] = String(devices);
            element.dataset['ready'] = 'true';
          },
        });
        setDrawing(made);
      } catch {
        actions.current.onFailed();
      }
    };
    loadMapFont(city.city, language, [...names, ...Object.values(stageWords)]).then(make, make);
    return () => {
      gone = true;
      delete element.dataset['ready'];
      setDrawing(null);
      made?.remove();
    };
  }, [city, store, scheme, language, still, t]);

  useEffect(() => drawing?.select(selected, phone ? 0 : SHEET_PX), [drawing, selected, phone]);

  // Back and forward lead to where the map stood.
  useEffect(() => {
    if (!drawing || written === null || written === inAddress.current) return;
    inAddress.current = written;
    const position = readPosition(written);
    if (position) drawing.moveTo(position);
  }, [drawing, written]);

  const controls = [
    { label: t('map.zoomIn'), icon: <IconPlus size={16} />, run: () => drawing?.zoomBy(1) },
    { label: t('map.zoomOut'), icon: <IconMinus size={16} />, run: () => drawing?.zoomBy(-1) },
    { label: t('map.whole'), icon: <IconArrowsMaximize size={16} />, run: () => drawing?.showWhole() },
  ];
  return (
    <>
      <section
        className={classes['map']}
        ref={container}
        data-testid="map"
        aria-label={`${words.city}. ${t('map.label')}`}
      />
      <Stack gap={4} className={classes['controls']}>
        {controls.map(({ label, icon, run }) => (
          <Tooltip key={label} label={label} position="left">
            <ActionIcon variant="default" size={phone ? 40 : 32} aria-label={label} onClick={run}>
              {icon}
            </ActionIcon>
          </Tooltip>
        ))}
      </Stack>
      {hovered && <DeviceTip {...hovered} />}
    </>
  );
}
