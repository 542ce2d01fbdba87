/** Whether it names a zone of the IANA database; an offset such as `+09:00` is none, though Intl would take it. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false; // it says so by throwing, and in no other way
  }
}
