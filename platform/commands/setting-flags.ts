import { loadSettings, type Settings } from '@haechi/core';
import type { Command } from 'commander';

/** The settings that are worth a flag; every setting has its environment variable and its place in haechi.yaml. */
export function addSettingFlags(command: Command): Command {
  return command
    .option('--data <folder>', 'data folder (HAECHI_DATA, ./data)')
    .option('--host <address>', 'address to listen on (HAECHI_HOST, 0.0.0.0)')
    .option('--http-port <port>', 'dashboard and REST (HAECHI_HTTP_PORT, 8080)')
    .option('--mqtt-port <port>', 'MQTT broker (HAECHI_MQTT_PORT, 1883)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, silent (HAECHI_LOG_LEVEL, info)');
}

const NAMES = ['data', 'host', 'httpPort', 'mqttPort', 'logLevel'] as const;

/** `presets` stand before the environment and the flags, in place of the defaults. */
export function settingsFrom(options: Record<string, unknown>, presets: Record<string, unknown> = {}): Settings {
  const flags = Object.fromEntries(NAMES.flatMap((name) => (name in options ? [[name, options[name]]] : [])));
  return loadSettings({ flags, presets });
}
