/** How often somebody may guess a password: wrong attempts are counted by where they come from and by whose name they use. */
import { isIPv6 } from 'node:net';

const WINDOW_MS = 60_000;
/** From one address. */
const ADDRESS_MAX = 10;
/** For one name, from wherever: more, for who locks a name locks its owner out as well. */
const NAME_MAX = 30;
/** Addresses and names remembered; beyond them the oldest are forgotten. */
const REMEMBERED_MAX = 10_000;

export type SignInAttempt = { allowed: true; succeeded: () => void } | { allowed: false; waitMs: number };

export class SignInFailures {
  readonly #now: () => number;
  readonly #addresses = new Failures(ADDRESS_MAX);
  readonly #names = new Failures(NAME_MAX);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts as failed until it has succeeded, so that many at once are no way around. */
  begin(address: string, username: string): SignInAttempt {
    const now = this.#now();
    const network = networkOf(address);
    const waitMs = Math.max(this.#addresses.waitMs(network, now), this.#names.waitMs(username, now));
    if (waitMs > 0) return { allowed: false, waitMs };
    const undo = [this.#addresses.add(network, now), this.#names.add(username, now)];
    return { allowed: true, succeeded: () => undo.forEach((step) => void step()) };
  }
}

interface Count {
  count: number;
  until: number;
}

class Failures {
  readonly #limit: number;
  /** Oldest first: each is put at the end when its window begins. */
  readonly #counts = new Map<string, Count>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  waitMs(key: string, now: number): number {
    const known = this.#counts.get(key);
    return known && known.until > now && known.count >= this.#limit ? known.until - now : 0;
  }

  /** @returns what takes it back. */
  add(key: string, now: number): () => void {
    let known = this.#counts.get(key);
    if (!known || known.until <= now) {
      known = { count: 0, until: now + WINDOW_MS };
      this.#counts.delete(key);
      this.#counts.set(key, known);
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > REMEMBERED_MAX && oldest !== undefined) this.#counts.delete(oldest);
    }
    const counted = known;
    counted.count++;
    return () => {
      counted.count--;
    };
  }
}

/** An IPv6 subscriber has a whole /64 to send from (RFC 6177); an IPv4 address is one. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address.replace(/^::ffff:/, '').slice(0, 45);
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = address.includes('::') ? Array<string>(8 - head.length - tail.length).fill('0') : [];
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
