import { join } from 'node:path';
import { connect } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { SECRET, startCity } from '../tests/support/test-broker.ts';

const COMMANDS = 'city/mapo/flood/lamp-1/command';

it('gives a copy that another broker starts on: a command that waited arrives there', async () => {
  const city = await startCity();
  const lamp = await city.connect('lamp-1', { clean: false });
  await lamp.subscribeAsync(COMMANDS, { qos: 1 });
  await lamp.endAsync();
  await eventually(() => city.broker.connections === 0);
  await city.broker.publish(COMMANDS, 'close');
  const folder = join(tempFolder(), 'broker');
  await city.broker.copySessions(folder);
  // What comes after the copy is not in it.
  await city.broker.publish(COMMANDS, 'open');

  const { broker } = await startCity({ folder });
  const identity = { clientId: 'lamp-1', username: 'lamp-1', password: SECRET };
  const again = connect(`mqtt://127.0.0.1:${broker.port}`, { ...identity, clean: false, reconnectPeriod: 0 });
  onTestFinished(() => void again.end(true));
  const received: string[] = [];
  again.on('message', (_topic, payload) => received.push(String(payload)));
  await eventually(() => received.length > 0);
  await broker.publish(COMMANDS, 'last');
  await eventually(() => received.includes('last'));
  expect(received).toEqual(['close', 'last']);
});
