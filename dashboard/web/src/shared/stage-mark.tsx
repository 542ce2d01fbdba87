import { Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Stage } from '../core.ts';

/** On a 16 × 16 field: circle, triangle, diamond, hexagon. */
export const STAGE_PATHS: Record<Stage, string> = {
  attention: 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12Z',
  caution: 'M8 1.5L15 14H1Z',
  alert: 'M8 .8L15.2 8L8 15.2L.8 8Z',
  serious: 'M4.2 1.4h7.6L15.6 8l-3.8 6.6H4.2L.4 8Z',
};

interface ShapeProps {
  stage: Stage;
  size?: number;
  /** Nobody has seen it yet. */
  waiting?: boolean;
  /** Nothing of this stage stands: drawn, but not lit. */
  quiet?: boolean;
}

export function StageShape({ stage, size = 14, waiting = false, quiet = false }: ShapeProps) {
  return (
    <svg
      className="h-shape"
      data-waiting={waiting || undefined}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      style={{ flex: 'none', color: quiet ? 'var(--h-normal)' : `var(--h-${stage})` }}
    >
      <path d={STAGE_PATHS[stage]} fill="currentColor" />
    </svg>
  );
}

/** Shape, word and colour: never one of them alone. */
export function StageMark({ stage, waiting = false, size = 14 }: ShapeProps) {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex" style={{ verticalAlign: 'middle' }}>
      <StageShape stage={stage} waiting={waiting} size={size} />
      <span style={{ color: `var(--h-${stage})`, fontWeight: 600, whiteSpace: 'nowrap' }}>{t(`stage.${stage}`)}</span>
    </Group>
  );
}
