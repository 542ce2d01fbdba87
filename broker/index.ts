export { mayPublish, maySubscribe } from './access.ts';
export { type Admission, Broker, type BrokerOptions, type Identities } from './broker.ts';
