import { createContext, useContext } from 'react';
import type { Person } from '../contract.ts';

export interface Session {
  person: Person;
  signOut: () => void;
}
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside of its gate');
  return session;
}
