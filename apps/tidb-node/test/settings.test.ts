import { describe, expect, it } from 'vitest';
import { settingsOf } from '../src/cli/settings.js';
import { parseDuration } from '../src/duration.js';
import { SettingError } from '../src/setting-error.js';

describe('settings of a node', () => {
  it('are TiDB’s defaults where nothing is said', () => {
    expect(settingsOf({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      statusPort: 10080,
      advertiseAddress: '127.0.0.1',
      path: ['127.0.0.1:2379'],
      leaseMs: 45_000,
      enableBinlog: false,
      metadataLock: true,
    });
  });

  it('take flags before the file and the file before the defaults', () => {
    const file = 'port = 4001\nlease = "10s"\n[status]\nstatus-port = 10081\n[binlog]\nenable = true\n';
    const settings = settingsOf({ port: '4002' }, file);
    expect(settings).toMatchObject({ port: 4002, statusPort: 10081, leaseMs: 10_000, enableBinlog: true });
  });

  it('split the endpoints of --path', () => {
    expect(settingsOf({ path: '127.0.0.1:2379, 127.0.0.1:2380' }).path).toEqual(['127.0.0.1:2379', '127.0.0.1:2380']);
  });

  it.each([
    [{ port: '70000' }, undefined, /--port is "70000"; it must be a whole number from 0 to 65535/],
    [{ port: '' }, undefined, /--port is ""/],
    [{ lease: 0, leaseMs: 'soon' }, undefined, /--lease is "soon"; it must be a duration such as 45s/],
    [{ path: ',' }, undefined, /--path is ","; it must be one or more endpoints/],
    [{}, 'prot = 4000', /contains unknown settings: prot; remove them/],
    [{}, 'port = "a"', /port in the config file is "a"; it must be a whole number/],
    [{}, 'port =', /the config file is not TOML/],
    [{}, '[binlog]\nenable = "yes"', /binlog.enable in the config file is "yes"; it must be true or false/],
  ])('refuse %j with file %j and say why', (flags, file, message) => {
    expect(() => settingsOf(flags, file)).toThrow(SettingError);
    expect(() => settingsOf(flags, file)).toThrow(message);
  });
});

describe('durations', () => {
  it.each([
    ['45s', 45_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['0', 0],
    ['10', undefined],
    ['s', undefined],
    ['-1s', undefined],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});
