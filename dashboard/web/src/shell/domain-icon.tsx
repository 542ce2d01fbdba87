import { icons } from 'virtual:domain-icons';
import { IconCircuitCell } from '@tabler/icons-react';

/** The icon a model names, or a plain one where that is not among those built in. */
export function DomainIcon({ icon, size = 20 }: { icon: string; size?: number }) {
  const Icon = icons[icon] ?? IconCircuitCell;
  return <Icon size={size} stroke={1.5} aria-hidden="true" />;
}
