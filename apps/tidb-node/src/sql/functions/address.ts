import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { SqlError } from '../errors.js';
import { BOOLEAN_TYPE, bytesType, INT_TYPE, stringType } from '../types/field-type.js';
import { toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { at, type FunctionTable } from './function.js';

const truth = (value: boolean): bigint => (value ? 1n : 0n);
const UUID = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/** The sixteen bytes of an IPv6 address, the four of an IPv4 one; undefined for what is no address. */
function addressBytes(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text)) return undefined;
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const [high = 0, second = 0, third = 0, low = 0] = mapped?.[2]?.split('.').map(Number) ?? [];
  const tail = mapped === null ? '' : `${((high << 8) | second).toString(16)}:${((third << 8) | low).toString(16)}`;
  const [left = '', right] = (mapped === null ? text : `${mapped[1]}${tail}`).split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(left);
  const after = right === undefined ? [] : groups(right);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...zeros, ...after].map((each) => each.padStart(4, '0')).join(''), 'hex');
}

function addressText(bytes: Buffer): string | null {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** Whether an address of 16 bytes has one of IPv4 at its end, behind zeros and two such bytes. */
function embedded(value: SqlValue, mark: number): bigint {
  const bytes = value === null ? undefined : toBytes(value);
  const holds =
    bytes?.length === 16 &&
    bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === mark &&
    bytes[11] === mark &&
    (mark !== 0 || bytes.readUInt32BE(12) > 1);
  return truth(holds === true);
}

/** Functions of network addresses and UUIDs. */
export const ADDRESS_FUNCTIONS: FunctionTable = {
  is_ipv4: {
    arity: [1, 1],
    type: () => BOOLEAN_TYPE,
    evaluateNulls: ([v = null]) => truth(v !== null && isIPv4(toText(v))),
  },
  is_ipv6: {
    arity: [1, 1],
    type: () => BOOLEAN_TYPE,
    evaluateNulls: ([v = null]) => truth(v !== null && isIPv6(toText(v))),
  },
  is_ipv4_compat: { arity: [1, 1], type: () => BOOLEAN_TYPE, evaluateNulls: ([v = null]) => embedded(v, 0) },
  is_ipv4_mapped: { arity: [1, 1], type: () => BOOLEAN_TYPE, evaluateNulls: ([v = null]) => embedded(v, 0xff) },
  inet6_aton: { arity: [1, 1], type: () => bytesType(16), evaluate: ([v = '']) => addressBytes(toText(v)) ?? null },
  inet6_ntoa: { arity: [1, 1], type: () => stringType(117), evaluate: ([v = '']) => addressText(toBytes(v)) },
  is_uuid: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => truth(UUID.test(toText(v))) },
  uuid_to_bin: {
    arity: [1, 2],
    type: () => bytesType(16),
    evaluate: (args) => {
      const text = toText(at(args, 0));
      const [, low = '', mid = '', high = '', clock = '', node = ''] = UUID.exec(text) ?? [];
      if (low === '') throw new SqlError(1411, `Incorrect string value: '${text}' for function uuid_to_bin`);
      const swaps = args[1] !== undefined && toInteger(args[1], () => undefined) !== 0n;
      return Buffer.from(swaps ? high + mid + low + clock + node : low + mid + high + clock + node, 'hex');
    },
  },
  bin_to_uuid: {
    arity: [1, 2],
    type: () => stringType(32),
    evaluate: (args) => {
      const bytes = toBytes(at(args, 0));
      if (bytes.length !== 16)
        throw new SqlError(1411, `Incorrect string value: '${toText(at(args, 0))}' for function bin_to_uuid`);
      const hex = bytes.toString('hex');
      const swapped = args[1] !== undefined && toInteger(args[1], () => undefined) !== 0n;
      const [low, mid, high] = swapped
        ? [hex.slice(8, 16), hex.slice(4, 8), hex.slice(0, 4)]
        : [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)];
      return [low, mid, high, hex.slice(16, 20), hex.slice(20)].join('-');
    },
  },
};
