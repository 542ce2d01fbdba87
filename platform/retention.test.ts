import { describe, expect, it } from 'vitest';
import { checkedRetention, retentionOf } from './retention.ts';

describe('retention', () => {
  it('is by resolution, for all systems and for each', () => {
    const setting = { default: { raw: 90 }, flood: { raw: 3660, day: 9999 } };
    expect(retentionOf({}, 'flood')).toEqual({ raw: 400, minute: 1100, hour: 3660, day: 36_600 });
    expect(retentionOf(setting, 'fleet')).toMatchObject({ raw: 90, minute: 1100 });
    // Where readings are kept longer than roll-ups would be, roll-ups are kept as long.
    expect(retentionOf(setting, 'flood')).toEqual({ raw: 3660, minute: 3660, hour: 3660, day: 9999 });
    expect(checkedRetention(setting, ['flood', 'fleet'])).toBe(setting);
  });

  it.each([
    [{ tram: { raw: 1 } }, 'there is no system tram'],
    [{ default: { raw: 50, minute: 10 } }, 'flood keeps minute 10 days, shorter than raw with 50'],
    [{ flood: { day: 10 } }, 'flood keeps day 10 days, shorter than hour with 3660'],
  ])('that makes no sense stops the start: %j', (setting, why) => {
    expect(() => checkedRetention(setting, ['flood'])).toThrow(why);
  });
});
