/** The package as it is published, because a loader of TypeScript slows down what it loads. */
const load = (file: string) => import(String(new URL(`../dist/${file}`, import.meta.url)));

export const { EtcdClient, Election, Mutex, op, Session }: typeof import('../src/index.js') = await load('index.js');
export const { LocalEtcd }: typeof import('../src/local-etcd/index.js') = await load('local-etcd.js');
