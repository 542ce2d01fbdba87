import { HaechiError, type Settings } from '@haechi/core';
import { RESOLUTIONS, type Retention } from '@haechi/storage';

type RetentionSetting = Settings['retention'];

/** A year of readings, and the minute, hour and day behind it far longer: roll-ups are small. */
const KEPT_DAYS: Retention = { raw: 400, minute: 1100, hour: 3660, day: 36_600 };

/** Days that each resolution of the system is kept; a coarser one never shorter than what is finer, where the setting is silent. */
export function retentionOf(setting: RetentionSetting, domain: string): Retention {
  const given = { ...setting['default'], ...setting[domain] };
  const kept = { ...KEPT_DAYS };
  let finer = 0;
  for (const resolution of RESOLUTIONS) {
    kept[resolution] = given[resolution] ?? Math.max(KEPT_DAYS[resolution], finer);
    finer = kept[resolution];
  }
  return kept;
}

/**
 * @throws HaechiError SETTING_INVALID where it names a system that is not here, or keeps something coarse shorter than
 * something finer: history would have holes.
 */
export function checkedRetention(setting: RetentionSetting, domains: Iterable<string>): RetentionSetting {
  const known = new Set(domains);
  const refuse = (why: string) => new HaechiError('SETTING_INVALID', `setting retention is wrong: ${why}`);
  for (const name of Object.keys(setting)) {
    if (name !== 'default' && !known.has(name)) throw refuse(`there is no system ${name}`);
  }
  for (const domain of known) {
    const kept = retentionOf(setting, domain);
    for (const [index, resolution] of RESOLUTIONS.entries()) {
      const finer = RESOLUTIONS[index - 1];
      if (finer && kept[resolution] < kept[finer])
        throw refuse(
          `${domain} keeps ${resolution} ${kept[resolution]} days, shorter than ${finer} with ${kept[finer]}`,
        );
    }
  }
  return setting;
}
