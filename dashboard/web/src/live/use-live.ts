import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { AlertResource } from '../contract.ts';
import { type DeviceLive, OPEN_KEPT_MAX } from './delta-reducer.ts';
import type { Connection, LiveStore } from './live-store.ts';

export interface Live {
  store: LiveStore;
  retryNow: () => void;
}
export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('useLive outside of its provider');
  return live;
}

export function useDeviceLive(id: string): DeviceLive | undefined {
  const { store } = useLive();
  return useSyncExternalStore(
    (listener) => store.subscribeDevice(id, listener),
    () => store.device(id),
  );
}

export function useAlerts(): readonly AlertResource[] {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribeAlerts, store.alerts);
}

/** How many alerts are open where that is more than are here, else null. */
export function useOpenAlertsBeyond(): number | null {
  const { store } = useLive();
  const count = useSyncExternalStore(store.subscribeAlerts, store.openAlertCount);
  return count > OPEN_KEPT_MAX ? count : null;
}

export function useConnection(): Connection {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribeConnection, store.connection);
}

/** The city's time, told again every `everyMs` of ours. */
export function useCityNow(everyMs = 1000): number {
  const { store } = useLive();
  const [now, setNow] = useState(store.now);
  useEffect(() => {
    setNow(store.now());
    const timer = setInterval(() => setNow(store.now()), everyMs);
    return () => clearInterval(timer);
  }, [store, everyMs]);
  return now;
}

/** A number that grows at most every `everyMs` while devices change: for what sums over all of them. */
export function useDevicesVersion(everyMs = 1000): number {
  const { store } = useLive();
  const [version, setVersion] = useState(0);
  useEffect(() => {
    let dirty = false;
    const unsubscribe = store.subscribeDevices(() => {
      dirty = true;
    });
    const timer = setInterval(() => {
      if (!dirty) return;
      dirty = false;
      setVersion((was) => was + 1);
    }, everyMs);
    return () => {
      unsubscribe();
      clearInterval(timer);
    };
  }, [store, everyMs]);
  return version;
}
