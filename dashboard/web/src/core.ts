/**
 * What the app takes from the city's language as running code. These two files import nothing, so nothing of the
 * server comes with them; everything else is taken as types.
 */
export { type AlertState, alertState } from '../../../core/alert.ts';
export { STAGES, type Stage, stageRank, worstStage } from '../../../core/stage.ts';
