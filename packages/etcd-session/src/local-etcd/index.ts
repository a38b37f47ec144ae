export type { FetchOptions } from './find-etcd.js';
export { LocalEtcd, type LocalEtcdOptions } from './local-etcd.js';
export type { LocalMember } from './member.js';
