import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** Names and what they hold; a fact that is null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={classes['facts']}>
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="h-figures">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
