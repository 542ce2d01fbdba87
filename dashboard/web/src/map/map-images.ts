import { STAGES } from '../core.ts';
import { STAGE_PATHS } from '../shared/stage-mark.tsx';
import type { Palette } from '../theme/palette.ts';
import { BAR_STEPS } from './device-looks.ts';

/** Drawn at three times its size on the screen, so that it stays sharp on dense displays. */
export const IMAGE_RATIO = 3;

type Draw = (pen: CanvasRenderingContext2D) => void;

function picture(size: number, draw: Draw): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = size * IMAGE_RATIO;
  canvas.height = size * IMAGE_RATIO;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('no 2d canvas');
  pen.scale(IMAGE_RATIO, IMAGE_RATIO);
  draw(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function outlined(pen: CanvasRenderingContext2D, path: Path2D, fill: string, halo: string): void {
  pen.lineJoin = 'round';
  pen.strokeStyle = halo;
  pen.lineWidth = 2.5;
  pen.stroke(path);
  pen.fillStyle = fill;
  pen.fill(path);
}

function bar({ normal, surface, text }: Palette, step: number): Draw {
  return (pen) => {
    pen.fillStyle = surface;
    pen.fillRect(5, 1, 8, 18);
    pen.fillStyle = text;
    const height = (16 * step) / BAR_STEPS;
    pen.fillRect(6, 18 - height, 6, height);
    pen.strokeStyle = normal;
    pen.lineWidth = 1.5;
    pen.strokeRect(5, 1, 8, 18);
  };
}

/** Two posts, and a beam across them where it is shut or raised beside them where it is open. */
function gate({ normal, surface, text }: Palette, shut: boolean): Draw {
  return (pen) => {
    pen.fillStyle = surface;
    pen.strokeStyle = normal;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.roundRect(1, 1, 18, 18, 3);
    pen.fill();
    pen.stroke();
    pen.strokeStyle = shut ? text : normal;
    pen.lineWidth = shut ? 3 : 2;
    pen.lineCap = 'round';
    pen.beginPath();
    pen.moveTo(5, 15);
    if (shut) {
      pen.moveTo(4.5, 10);
      pen.lineTo(15.5, 10);
    } else {
      pen.lineTo(5, 5);
      pen.moveTo(15, 15);
      pen.lineTo(15, 5);
    }
    pen.stroke();
  };
}

/** Points to the north; the map turns it. */
function arrow({ text, normal, ground }: Palette, moving: boolean): Draw {
  return (pen) => {
    const path = new Path2D('M9 1.5L15 15.5L9 12.2L3 15.5Z');
    outlined(pen, path, moving ? text : normal, ground);
  };
}

export function mapImages(palette: Palette): Map<string, ImageData> {
  const images = new Map<string, ImageData>();
  images.set(
    'square',
    picture(14, (pen) => outlined(pen, new Path2D('M3 3h8v8h-8Z'), palette.normal, palette.ground)),
  );
  for (let step = 0; step <= BAR_STEPS; step += 1) images.set(`bar-${step}`, picture(20, bar(palette, step)));
  images.set('gate-open', picture(20, gate(palette, false)));
  images.set('gate-shut', picture(20, gate(palette, true)));
  images.set('arrow', picture(18, arrow(palette, true)));
  images.set('arrow-still', picture(18, arrow(palette, false)));
  images.set(
    'lost',
    picture(26, (pen) => {
      pen.setLineDash([3.5, 3]);
      pen.strokeStyle = palette.text;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.arc(13, 13, 10.5, 0, 2 * Math.PI);
      pen.stroke();
    }),
  );
  for (const [index, stage] of STAGES.entries()) {
    const draw: Draw = (pen) => {
      pen.translate(2, 2);
      outlined(pen, new Path2D(STAGE_PATHS[stage]), palette.stage[stage], palette.ground);
    };
    images.set(`stage-${index + 1}`, picture(20, draw));
  }
  return images;
}
