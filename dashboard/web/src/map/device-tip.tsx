import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { useDeviceStage } from '../device/use-device-stage.ts';
import { useDeviceLive } from '../live/use-live.ts';
import { StageMark } from '../shared/stage-mark.tsx';
import classes from './map.module.css';

/** What the pointer is on, in words: shape and colour alone say it to nobody who does not know them. */
export function DeviceTip({ id, x, y }: { id: string; x: number; y: number }) {
  const { t } = useTranslation();
  const { device: deviceOf, kind: kindOf } = useCity();
  const words = useCityWords();
  const live = useDeviceLive(id);
  const { stage, presence } = useDeviceStage(id);
  const device = deviceOf(id);
  if (!device) return null;
  const { domain, name } = device;
  const fields = kindOf(domain, device.kind)?.fields.slice(0, 2) ?? [];
  return (
    <div className={classes['tip']} style={{ left: x, top: y }} aria-hidden="true">
      <b>{name}</b>
      <div className="h-muted">{words.kind(domain, device.kind)}</div>
      {stage && <StageMark stage={stage} />}
      {presence !== 'live' && <div>{t(`presence.${presence}`)}</div>}
      {fields.map((field) => {
        const value = live?.values[field];
        return (
          value !== undefined && (
            <div key={field} className="h-figures">
              <span className="h-muted">{words.field(domain, field)}</span> {words.valueWithUnit(domain, field, value)}
            </div>
          )
        );
      })}
    </div>
  );
}
