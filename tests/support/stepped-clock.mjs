/** Loaded before a program (`--import`): its clock is off by the milliseconds that the file HAECHI_TEST_CLOCK holds, looked at 20 times a second. */
import { readFileSync } from 'node:fs';

const real = Date.now;
let offset = 0;
Date.now = () => real() + offset;
const look = () => {
  offset = Number(readFileSync(process.env.HAECHI_TEST_CLOCK, 'utf8'));
};
look();
setInterval(look, 50).unref();
