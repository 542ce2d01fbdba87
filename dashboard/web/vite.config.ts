import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { domainIcons } from './domain-icons.ts';

/** Where `vite dev` finds the platform; the built app is served by the platform itself. */
const platform = process.env['HAECHI_DEV_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react(), domainIcons(fileURLToPath(new URL('../../domains', import.meta.url)))],
  // Two copies of React or Mantine would each hold a context of their own.
  resolve: { dedupe: ['react', 'react-dom', '@mantine/core', '@mantine/hooks'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // `data:` addresses for fonts and images would need a wider content security policy.
    assetsInlineLimit: 0,
    // MapLibre alone is past the default; it loads only with the map.
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': platform, '/ws': { target: platform, ws: true } } },
});
