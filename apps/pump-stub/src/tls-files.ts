import { readFile } from 'node:fs/promises';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { TlsOptions } from '@tidb-js/etcd-session';
import { PumpError } from './errors.js';
import type { PumpTlsOptions } from './pump-options.js';

/** @throws PumpError `INVALID_OPTION` naming the file. */
export async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new PumpError('INVALID_OPTION', `cannot read the PEM file ${path}: ${String(cause)}`, { cause });
  }
}

/** For calls to PD, etcd and drainers: the Pump's own certificate, as a real Pump uses it. */
export async function clientTls(options: PumpTlsOptions | undefined): Promise<TlsOptions | undefined> {
  if (!options) return undefined;
  const [cert, key] = await Promise.all([readPem(options.certPath), readPem(options.keyPath)]);
  return { cert, key, ...(options.caPath && { ca: await readPem(options.caPath) }) };
}

/** As {@link clientTls}, in the form of grpc-js. */
export async function clientCredentials(options: PumpTlsOptions | undefined): Promise<ChannelCredentials | undefined> {
  if (!options) return undefined;
  const [cert, key] = await Promise.all([readPem(options.certPath), readPem(options.keyPath)]);
  return credentials.createSsl(options.caPath ? await readPem(options.caPath) : null, key, cert);
}
