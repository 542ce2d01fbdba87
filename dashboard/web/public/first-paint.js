// Before anything is drawn, so that no page flashes in the wrong theme or tells a screen reader the wrong language.
// A file of its own because the content security policy allows no inline script.
try {
  const root = document.documentElement;
  const theme = localStorage.getItem('haechi-theme');
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
  const language = localStorage.getItem('haechi-language') ?? navigator.language;
  root.lang = language.startsWith('ko') ? 'ko' : 'en';
} catch {
  // Storage may be forbidden; the app then starts in its defaults.
}
