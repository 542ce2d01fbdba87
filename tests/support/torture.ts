/** `npm run torture`: the fault tests in their long form. */
export const TORTURE = process.env['HAECHI_TORTURE'] === '1';
