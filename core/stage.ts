/**
 * The four stages of the Korean national crisis levels (관심, 주의, 경계, 심각), used for every alert.
 */
export const STAGES = ['attention', 'caution', 'alert', 'serious'] as const;
export type Stage = (typeof STAGES)[number];

/** 1 for attention … 4 for serious; 0 for none. */
export function stageRank(stage: Stage | null | undefined): number {
  return stage ? STAGES.indexOf(stage) + 1 : 0;
}

export function worstStage(a: Stage | null, b: Stage | null): Stage | null {
  return stageRank(a) >= stageRank(b) ? a : b;
}
