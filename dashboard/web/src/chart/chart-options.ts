import uPlot from 'uplot';
import type { LimitResource } from '../contract.ts';
import type { Stage } from '../core.ts';
import { STAGE_PATHS } from '../shared/stage-mark.tsx';
import type { Palette } from '../theme/palette.ts';

export interface ChartMark {
  at: number;
  stage: Stage;
}

export interface ChartLook {
  palette: Palette;
  timeZone: string;
  label: string;
  /** The last digit that is shown. */
  step: number;
  /** With the field's decimals. */
  write: (value: number) => string;
  /** The same with its unit. */
  writeWithUnit: (value: number) => string;
  limits: readonly LimitResource[];
  limitLabel: (limit: LimitResource) => string;
  /** Read at each drawing: both change while the chart stands. */
  marks: () => readonly ChartMark[];
  span: () => { from: number; to: number };
  onZoom: (from: number, to: number) => void;
  onBack: () => void;
  syncKey: string;
}

const FONT = '12px "Pretendard Variable"';
/** Room beside the line's end for the last value. */
const RIGHT_PX = 92;

/**
 * All of the data, the limits near it and the next one on either side, so that noise far from any limit looks like
 * noise; but none so far off that it would squeeze the line flat. `step` is the last digit that is shown.
 */
export function scaleOf(
  least: number | null,
  most: number | null,
  limits: readonly number[],
  step = 0,
): [number, number] {
  if (least === null || most === null) {
    return limits.length > 0 ? [Math.min(0, ...limits), Math.max(...limits) * 1.1] : [0, 1];
  }
  const span = Math.max(most - least, Math.abs(most) * 0.05, step * 5, 1e-6);
  const far = 5 * Math.max(Math.abs(most), span);
  const above = limits.filter((limit) => limit > most && limit < far);
  const below = limits.filter((limit) => limit < least && limit > -far);
  const near = limits.filter((limit) => limit > least - 3 * span && limit < most + 3 * span);
  const low = Math.min(least, ...near, ...(below.length > 0 ? [Math.max(...below)] : []));
  const high = Math.max(most, ...near, ...(above.length > 0 ? [Math.min(...above)] : []));
  const air = Math.max(high - low, span) * 0.08;
  const missing = Math.max(0, span - (high - low)) / 2;
  return [low - air - missing, high + air + missing];
}

function drawLimits(plot: uPlot, { limits, limitLabel, palette }: ChartLook): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = scaled(FONT);
  for (const limit of limits) {
    const y = plot.valToPos(limit.value, 'y', true);
    ctx.strokeStyle = palette.stage[limit.stage];
    ctx.fillStyle = palette.stage[limit.stage];
    if (limit.direction !== 'none') {
      const bottom = bbox.top + bbox.height;
      ctx.globalAlpha = 0.07;
      if (limit.direction === 'rising') ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
      else ctx.fillRect(bbox.left, y, bbox.width, bottom - y);
      ctx.globalAlpha = 1;
    }
    ctx.lineWidth = uPlot.pxRatio;
    ctx.setLineDash([6 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    // Above its line, or below it where that would be cut off.
    const above = y - bbox.top > 16 * uPlot.pxRatio;
    ctx.textBaseline = above ? 'bottom' : 'top';
    ctx.textAlign = 'left';
    ctx.fillText(limitLabel(limit), bbox.left + 6 * uPlot.pxRatio, y + (above ? -2 : 3) * uPlot.pxRatio);
  }
  ctx.restore();
}

function scaled(font: string): string {
  return font.replace(/(\d+)px/, (_, size: string) => `${Number(size) * uPlot.pxRatio}px`);
}

/** Each alert where it was raised, as its shape on the time axis. */
function drawMarks(plot: uPlot, { marks, palette }: ChartLook): void {
  const { ctx, bbox } = plot;
  const size = 12 * uPlot.pxRatio;
  for (const { at, stage } of marks()) {
    const x = plot.valToPos(at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.save();
    ctx.strokeStyle = palette.stage[stage];
    ctx.globalAlpha = 0.6;
    ctx.lineWidth = uPlot.pxRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.translate(x - size / 2, bbox.top + bbox.height - size);
    ctx.scale(size / 16, size / 16);
    ctx.fillStyle = palette.stage[stage];
    ctx.fill(new Path2D(STAGE_PATHS[stage]));
    ctx.restore();
  }
}

/** The last value with its unit, where the line ends. */
function drawLast(plot: uPlot, { writeWithUnit, palette }: ChartLook): void {
  const [times, , means] = plot.data;
  const last = (means?.length ?? 0) - 1;
  const value = means?.[last];
  const at = times[last];
  if (typeof value !== 'number' || at === undefined) return;
  const { ctx, bbox } = plot;
  const x = Math.min(plot.valToPos(at, 'x', true), bbox.left + bbox.width);
  const y = plot.valToPos(value, 'y', true);
  ctx.save();
  ctx.fillStyle = palette.text;
  ctx.font = scaled(`600 ${FONT}`);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(writeWithUnit(value), x + 8 * uPlot.pxRatio, y);
  ctx.beginPath();
  ctx.arc(x, y, 3 * uPlot.pxRatio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.restore();
}

/** Data: times in seconds, least, mean, most. */
export function chartOptions(look: ChartLook, width: number, height: number): uPlot.Options {
  const { palette, timeZone, write } = look;
  const axis = {
    stroke: palette.muted,
    font: FONT,
    grid: { stroke: palette.line, width: 0.5 },
    ticks: { show: false },
  };
  const values = look.limits.map(({ value }) => value);
  return {
    width,
    height,
    padding: [12, RIGHT_PX, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    legend: { show: false },
    cursor: {
      sync: { key: look.syncKey },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      bind: {
        dblclick: () => () => {
          look.onBack();
          return null;
        },
      },
    },
    scales: {
      x: { time: true, range: () => [look.span().from / 1000, look.span().to / 1000] },
      y: { range: (_, least, most) => scaleOf(least ?? null, most ?? null, values, look.step) },
    },
    axes: [
      {
        ...axis,
        values: [
          [86_400, '{M}/{D}', null, null, null, null, null, null, 1],
          [3600, '{HH}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
          [60, '{HH}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
        ],
      },
      { ...axis, size: 64, values: (_, splits) => splits.map((split) => write(split)) },
    ],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { label: look.label, stroke: palette.text, width: 1.5, points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
    ],
    bands: [{ series: [3, 1], fill: `${palette.normal}55` }],
    hooks: {
      drawClear: [(plot) => drawLimits(plot, look)],
      draw: [
        (plot) => {
          drawMarks(plot, look);
          drawLast(plot, look);
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 4) return;
          const from = plot.posToVal(left, 'x') * 1000;
          const to = plot.posToVal(left + wide, 'x') * 1000;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          look.onZoom(from, to);
        },
      ],
    },
  };
}
