export interface MessageParts {
  device: string;
  value: string;
  limit: string;
}

/** Fills `{device}`, `{value}` and `{limit}` of a rule's message; what it does not know stays to be seen. */
export function fillMessage(template: string, parts: MessageParts): string {
  return template.replace(/\{(device|value|limit)\}/g, (_, name: keyof MessageParts) => parts[name]);
}
