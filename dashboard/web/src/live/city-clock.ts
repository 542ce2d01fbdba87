/** The city's time as the server last told it, and how fast it runs against ours. */
export interface ClockReading {
  now: number;
  speed: number;
  /** Our monotonic clock when the server's word came, in milliseconds. */
  heardAt: number;
}

export function cityTime(reading: ClockReading, monotonicNow: number): number {
  return reading.now + (monotonicNow - reading.heardAt) * reading.speed;
}
