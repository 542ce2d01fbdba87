import type { WsServerMessage } from '../contract.ts';
import { backoffMs } from './backoff.ts';
import type { LiveStore } from './live-store.ts';

/** The server speaks at least once a second; four seconds of silence is a lost connection. */
const SILENCE_MS = 4000;

interface Options {
  store: LiveStore;
  url: string;
  /** Called after a refused connection, to find out whether the session has ended. */
  onRefused: () => void;
}

/** Keeps one socket open to `/ws` for as long as the app runs, and the store true to it. */
export class LiveSocket {
  readonly #options: Options;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    window.addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    window.removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.#onVisible);
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  retryNow = (): void => {
    if (this.#stopped || this.#socket) return;
    clearTimeout(this.#retry);
    this.#open();
  };

  #onVisible = (): void => {
    if (!document.hidden) this.retryNow();
  };

  #open(): void {
    const { store, url, onRefused } = this.#options;
    if (store.connection().state !== 'lost') store.setConnection('connecting');
    else store.setConnection('lost');
    const socket = new WebSocket(url);
    this.#socket = socket;
    let heard = false;
    this.#watchSilence(socket);
    socket.onopen = () => {
      const resume = store.resumePoint();
      socket.send(JSON.stringify(resume ? { type: 'hello', resume } : { type: 'hello' }));
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket !== this.#socket) return;
      this.#watchSilence(socket);
      const whole = store.receive(JSON.parse(event.data) as WsServerMessage);
      if (!whole) {
        this.#lose(socket, 'gap');
        return;
      }
      heard = true;
      this.#attempt = 0;
      store.setConnection('live');
    };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      if (!heard) onRefused();
      this.#lose(socket, 'closed');
    };
  }

  #watchSilence(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(socket, 'silent'), SILENCE_MS);
  }

  #lose(socket: WebSocket, why: 'gap' | 'closed' | 'silent'): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#silence);
    socket.close();
    if (this.#stopped) return;
    // After a gap the server is there: ask it at once for what is missing.
    const waitMs = why === 'gap' && this.#attempt === 0 ? 0 : backoffMs(this.#attempt);
    this.#attempt += 1;
    if (why !== 'gap') this.#options.store.setConnection('lost', Date.now() + waitMs);
    this.#retry = setTimeout(() => this.#open(), waitMs);
  }
}
