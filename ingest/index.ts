export { DeadLetterLog } from './dead-letters.ts';
export { type DecodedGroup, type DecodedRecord, type Decoder, decodeGroup } from './decode/decode-group.ts';
export { decodeNativeJson, READINGS_PER_PAYLOAD_MAX, type TimeLimits } from './decode/native-json.ts';
export { GroupFeed } from './group-feed.ts';
export { type Appended, Journal, type JournalOptions } from './journal/journal.ts';
export { type JournalRecord, type RecordKind, readGroup } from './journal/record.ts';
export { StoreReader } from './store-reader.ts';
