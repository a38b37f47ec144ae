import type { PumpHealth } from './selector.js';

const timeoutMs = 2_000;

/**
 * What a pump's `/metrics` says of its disk. A pump whose HTTP cannot be reached (another port, TLS, a unix socket) tells nothing,
 * which is no error: its lag is still known from the registry.
 */
export async function readHealth(host: string, signal: AbortSignal): Promise<PumpHealth> {
  try {
    const response = await fetch(`http://${host}/metrics`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return healthOf(await response.text());
  } catch {
    return { availableBytes: undefined, capacityBytes: undefined };
  }
}

/** Reads `binlog_pump_storage_storage_size_bytes`. */
export function healthOf(metrics: string): PumpHealth {
  const gauge = (type: string): number | undefined => {
    const match = new RegExp(`^binlog_pump_storage_storage_size_bytes\\{[^}]*type="${type}"[^}]*\\} (\\S+)`, 'm').exec(
      metrics,
    );
    const value = Number(match?.[1] ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  return { availableBytes: gauge('available'), capacityBytes: gauge('capacity') };
}
