import { Drawer } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './side-sheet.module.css';
import { usePhone } from './use-phone.ts';

interface Props {
  open: boolean;
  onClose: () => void;
  label: string;
  children: ReactNode;
  /** Over what it belongs to, instead of beside it. */
  floating?: boolean;
}

/** On a screen it stands beside what it belongs to and takes nothing away; on a phone it comes up from below. */
export function SideSheet({ open, onClose, label, children, floating = false }: Props) {
  const phone = usePhone();
  const beside = open && !phone;
  useEffect(() => {
    if (!beside) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      // In a field or a menu, Escape is theirs.
      if (event.target instanceof Element && event.target.closest('textarea, input, [role=dialog], [role=menu]'))
        return;
      onClose();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [beside, onClose]);

  if (phone) {
    return (
      <Drawer
        opened={open}
        onClose={onClose}
        position="bottom"
        size="88%"
        padding={0}
        withCloseButton={false}
        aria-label={label}
        classNames={{ body: classes['drawer'] ?? '' }}
        transitionProps={{ duration: 120 }}
      >
        {children}
      </Drawer>
    );
  }
  if (!open) return null;
  return <aside className={floating ? classes['floating'] : classes['beside']}>{children}</aside>;
}
