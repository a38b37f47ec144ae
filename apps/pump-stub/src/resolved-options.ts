import { hostname, networkInterfaces } from 'node:os';
import { PumpError } from './errors.js';
import type { PumpOptions } from './pump-options.js';
import { silentLogger } from './silent-logger.js';

const defaultPort = 8250;
const weekMs = 7 * 24 * 60 * 60 * 1000;
/** gRPC's length prefix can say more, but Go programs cannot send it. */
const largestMessage = 2 ** 31 - 1;

/** Options with every default filled in. */
export type ResolvedOptions = Omit<PumpOptions, 'address' | 'advertiseAddress'> &
  Required<
    Pick<
      PumpOptions,
      | 'pdUrls'
      | 'heartbeatIntervalMs'
      | 'fakeBinlogIntervalMs'
      | 'gcAgeMs'
      | 'stopWriteAtAvailableSpace'
      | 'segmentBytes'
      | 'syncLog'
      | 'maxMessageSize'
      | 'clockErrorMs'
      | 'settleAfterMs'
      | 'metricsIntervalMs'
      | 'logger'
    >
  > & { readonly listen: HostPort; readonly advertise: HostPort | undefined };

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** @throws PumpError `INVALID_OPTION` naming the option, the rule and the value. */
export function resolveOptions(options: PumpOptions): ResolvedOptions {
  const listen = parseHostPort('addr', options.address ?? `${firstPublicIpv4()}:${defaultPort}`);
  const advertise = options.advertiseAddress ? parseHostPort('advertise-addr', options.advertiseAddress) : undefined;
  checkAdvertised(advertise ?? listen, advertise !== undefined);
  const pdUrls = options.pdUrls ?? ['http://127.0.0.1:2379'];
  if (pdUrls.length === 0) throw invalid('pd-urls', '', 'name at least one address of PD or etcd');
  const resolved = {
    ...options,
    listen,
    advertise,
    pdUrls,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 2000,
    fakeBinlogIntervalMs: options.fakeBinlogIntervalMs ?? 3000,
    gcAgeMs: options.gcAgeMs ?? weekMs,
    stopWriteAtAvailableSpace: options.stopWriteAtAvailableSpace ?? 10 * 2 ** 30,
    segmentBytes: options.segmentBytes ?? 500 * 2 ** 20,
    syncLog: options.syncLog ?? true,
    maxMessageSize: options.maxMessageSize ?? largestMessage,
    clockErrorMs: options.clockErrorMs ?? 1000,
    settleAfterMs: options.settleAfterMs ?? 1000,
    metricsIntervalMs: options.metricsIntervalMs ?? 15_000,
    logger: options.logger ?? silentLogger,
  };
  positive('heartbeat-interval', resolved.heartbeatIntervalMs);
  positive('fake-binlog-interval', resolved.fakeBinlogIntervalMs);
  positive('metrics-interval', resolved.metricsIntervalMs);
  positive('gc', resolved.gcAgeMs);
  positive('segment-bytes', resolved.segmentBytes);
  positive('max-message-size', resolved.maxMessageSize);
  if (resolved.gcMaxBytes !== undefined) positive('gc-max-bytes', resolved.gcMaxBytes);
  return { ...resolved, maxMessageSize: Math.min(resolved.maxMessageSize, largestMessage) };
}

/** The name of a Pump that was given none. */
export function defaultNodeId(port: number): string {
  return `${hostname()}:${port}`;
}

/** @throws PumpError `INVALID_OPTION`. */
export function parseHostPort(option: string, text: string): HostPort {
  const match = /^(?:\w+:\/\/)?(\[[^\]]+\]|[^:/]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw invalid(option, text, 'it must be host:port, such as 192.168.1.5:8250');
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

function checkAdvertised({ host }: HostPort, isExplicit: boolean): void {
  if (host !== '' && host !== '0.0.0.0' && host !== '::') return;
  const option = isExplicit ? 'advertise-addr' : 'addr';
  throw invalid(
    option,
    host,
    'other machines cannot reach that; set --advertise-addr to an address that they can reach',
  );
}

function positive(option: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) throw invalid(option, value, 'it must be greater than 0');
}

function invalid(option: string, value: unknown, rule: string): PumpError {
  return new PumpError('INVALID_OPTION', `${option} is ${JSON.stringify(value)}: ${rule}`);
}

function firstPublicIpv4(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) {
      if (family === 'IPv4' && !internal) return address;
    }
  }
  return '127.0.0.1';
}
