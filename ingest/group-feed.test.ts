import { describe, expect, it } from 'vitest';
import { GroupFeed } from './group-feed.ts';

const BYTES = new Uint8Array();
const decode = (group: number) => ({ group, accepted: 0, records: [] });

/** A feed whose fetches wait until they are answered. */
function feedOf() {
  const fetches: { group: number; answer: (bytes?: Uint8Array) => void }[] = [];
  const decoded: number[] = [];
  const feed = new GroupFeed({
    decode: (group) => {
      decoded.push(group);
      return decode(group);
    },
    fetch: (group) => new Promise((resolve) => fetches.push({ group, answer: resolve })),
  });
  return { feed, fetches, decoded };
}

describe('a group', () => {
  it('comes without a fetch where its bytes were pushed, and is decoded once for both readers', async () => {
    const { feed, fetches, decoded } = feedOf();
    const early = feed.get(1);
    feed.push(1, BYTES);
    expect([await early, await feed.get(1)]).toEqual([decode(1), decode(1)]);
    expect(fetches).toEqual([]);
    expect(decoded).toEqual([1]);
  });

  it('is fetched where they were not', async () => {
    const { feed, fetches } = feedOf();
    feed.push(3);
    const got = feed.get(2);
    expect(fetches.map(({ group }) => group)).toEqual([2]);
    fetches[0]?.answer(BYTES);
    expect(await got).toEqual(decode(2));
  });

  it('that both readers want at once is fetched once, and both get it', async () => {
    const { feed, fetches, decoded } = feedOf();
    feed.push(5);
    const both = Promise.all([feed.get(4), feed.get(4)]);
    expect(fetches).toHaveLength(1);
    fetches[0]?.answer(BYTES);
    expect(await both).toEqual([decode(4), decode(4)]);
    expect(decoded).toEqual([4]);
  });

  it('that the journal has lost is an error, not a silence', async () => {
    const { feed, fetches } = feedOf();
    feed.push(1);
    const got = feed.get(1);
    fetches[0]?.answer(undefined);
    await expect(got).rejects.toThrow('no group 1');
  });

  it('of long ago costs no memory: it is fetched again', async () => {
    const { feed, fetches, decoded } = feedOf();
    const taken = async (group: number) => expect(await feed.get(group)).toEqual(decode(group));
    for (let group = 1; group <= 300; group++) {
      feed.push(group, new Uint8Array(262_144));
      await taken(group);
    }
    expect(fetches).toEqual([]);
    const late = feed.get(1);
    expect(fetches).toHaveLength(1);
    fetches[0]?.answer(BYTES);
    expect(await late).toEqual(decode(1));
    await taken(300);
    expect(fetches).toHaveLength(1);
    expect(decoded).toHaveLength(301);
  });

  it('that nobody has had yet is not dropped for newer ones', async () => {
    const { feed, fetches } = feedOf();
    for (let group = 1; group <= 300; group++) feed.push(group, new Uint8Array(262_144));
    for (let group = 1; group <= 100; group++) await feed.get(group);
    expect(fetches).toEqual([]);
    void feed.get(300);
    expect(fetches).toMatchObject([{ group: 300 }]);
  });

  it('that was fetched is decoded once for both readers, also while newer ones fill what is held', async () => {
    const { feed, fetches, decoded } = feedOf();
    feed.push(5);
    for (let group = 6; group <= 300; group++) feed.push(group, new Uint8Array(262_144));
    const first = feed.get(5);
    fetches[0]?.answer(new Uint8Array(262_144));
    await first;
    expect(await feed.get(5)).toEqual(decode(5));
    expect([fetches.length, decoded]).toEqual([1, [5]]);
  });

  it('is decoded when it is asked for, and let go when both readers have had it', async () => {
    const { feed, fetches, decoded } = feedOf();
    feed.push(1, BYTES);
    expect(decoded).toEqual([]);
    await Promise.all([feed.get(1), feed.get(1)]);
    expect(decoded).toEqual([1]);
    void feed.get(1);
    expect(fetches).toHaveLength(1);
  });
});

describe('the end', () => {
  it('comes after what is there', async () => {
    const { feed } = feedOf();
    feed.push(1, BYTES);
    const waiting = feed.get(2);
    feed.close();
    expect(await feed.get(1)).toEqual(decode(1));
    expect(await waiting).toBeUndefined();
    expect(feed.closed).toBe(true);
  });
});
