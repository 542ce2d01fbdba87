import type { Stage } from '../core.ts';

export type Scheme = 'dark' | 'light';

/** What canvases need of `tokens.css`, which they cannot read as variables. */
export interface Palette {
  ground: string;
  surface: string;
  line: string;
  text: string;
  muted: string;
  normal: string;
  lit: string;
  land: string;
  water: string;
  park: string;
  road: string;
  stage: Record<Stage, string>;
}

export const palettes: Record<Scheme, Palette> = {
  dark: {
    ground: '#12181F',
    surface: '#1A222B',
    line: '#3A4653',
    text: '#E6EBF0',
    muted: '#93A1AF',
    normal: '#7C8B99',
    lit: '#FFD98A',
    land: '#161E26',
    water: '#1B2B3A',
    park: '#172220',
    road: '#2A343F',
    stage: { attention: '#5AA9FF', caution: '#F5C542', alert: '#FF9447', serious: '#FF5C5C' },
  },
  light: {
    ground: '#F4F6F8',
    surface: '#FFFFFF',
    line: '#C9D1D9',
    text: '#17202A',
    muted: '#566270',
    normal: '#616D79',
    lit: '#B98900',
    land: '#FBFCFD',
    water: '#D5E0EA',
    park: '#E6ECE6',
    road: '#DDE2E7',
    stage: { attention: '#0B5CC4', caution: '#7A5B00', alert: '#B04A00', serious: '#C01F23' },
  },
};
