export { CityStore } from './server/city-store.ts';
export {
  type ImportResult,
  importLine,
  type PlatformResource,
  type ReplayRequest,
  type ReplayResult,
} from './server/contract.ts';
export { LiveFeed } from './server/live-feed.ts';
export type { DashboardOptions } from './server/options.ts';
export { DashboardServer } from './server/server.ts';
