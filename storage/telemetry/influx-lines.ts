/** How readings are laid out in InfluxDB: one measurement a domain, tag `device`, a field for each value. */
import { type DomainModel, type FieldInfo, fieldsOf, HaechiError, type Reading } from '@haechi/core';
import { Point } from '@influxdata/influxdb-client';

export interface Measurement {
  name: string;
  fields: ReadonlyMap<string, FieldInfo>;
}

/** Names that InfluxDB or we use ourselves; InfluxDB drops a field `time` without an error. */
const RESERVED = ['time', 'device', 'receivedAt', 'seq'];

export function measurementOf(model: DomainModel): Measurement {
  const fields = new Map(fieldsOf(model).map((field) => [field.name, field]));
  for (const name of RESERVED) {
    if (!fields.has(name)) continue;
    throw new HaechiError('DOMAIN_INVALID', `${model.id}: a field cannot be called ${name}, InfluxDB needs the name`);
  }
  return { name: model.id, fields };
}

const PRECISION = { convertTime: (time: unknown) => String(time) };

/** One line for a reading, times in milliseconds. Values that the model does not know are left out, as DuckDB's table does. */
export function lineOf({ name, fields }: Measurement, reading: Reading): string {
  const point = new Point(name)
    .tag('device', reading.device)
    .intField('receivedAt', reading.receivedAt)
    .timestamp(reading.ts);
  if (reading.seq !== undefined) point.intField('seq', reading.seq);
  for (const [field, value] of Object.entries(reading.values)) {
    const type = fields.get(field)?.type;
    if (type === 'number') point.floatField(field, value);
    else if (type === 'flag') point.booleanField(field, value);
    else if (type !== undefined) point.stringField(field, value);
  }
  const line = point.toLineProtocol(PRECISION);
  if (line === undefined) throw new Error(`no line for a reading of ${reading.device}`);
  return line;
}
