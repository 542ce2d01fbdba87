import { useLocalStorage } from '@mantine/hooks';
import type { KeyboardEvent, PointerEvent } from 'react';

export const RAIL_MIN = 280;
export const RAIL_MAX = 720;
const STEP = 24;

function bounded(width: number): number {
  return Math.round(Math.min(RAIL_MAX, Math.max(RAIL_MIN, width)));
}

/** The rail grows to the left; its handle works with the pointer and with the arrow keys. */
export function useRailWidth() {
  const [width, setWidth] = useLocalStorage({ key: 'haechi-rail', defaultValue: 360, getInitialValueInEffect: false });
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const handle = event.currentTarget;
    const from = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => setWidth(bounded(width + from - moved.clientX));
    const up = () => {
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', up);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', up);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') setWidth(bounded(width + STEP));
    else if (event.key === 'ArrowRight') setWidth(bounded(width - STEP));
    else return;
    event.preventDefault();
  };
  return { width: bounded(width), onPointerDown, onKeyDown };
}
