/** Capability flags of the MySQL protocol that this server knows (MySQL's `CLIENT_*`). */
export const Capability = {
  LongPassword: 1,
  FoundRows: 1 << 1,
  LongFlag: 1 << 2,
  ConnectWithDb: 1 << 3,
  Odbc: 1 << 6,
  LocalFiles: 1 << 7,
  IgnoreSpace: 1 << 8,
  Protocol41: 1 << 9,
  Interactive: 1 << 10,
  Ssl: 1 << 11,
  Transactions: 1 << 13,
  SecureConnection: 1 << 15,
  MultiStatements: 1 << 16,
  MultiResults: 1 << 17,
  PsMultiResults: 1 << 18,
  PluginAuth: 1 << 19,
  ConnectAttrs: 1 << 20,
  PluginAuthLenencData: 1 << 21,
  DeprecateEof: 1 << 24,
} as const;

/** What the server offers; `Ssl` is added where it has a certificate. */
export const SERVER_CAPABILITIES =
  Capability.LongPassword |
  Capability.FoundRows |
  Capability.LongFlag |
  Capability.ConnectWithDb |
  Capability.Odbc |
  Capability.IgnoreSpace |
  Capability.Protocol41 |
  Capability.Interactive |
  Capability.Transactions |
  Capability.SecureConnection |
  Capability.MultiStatements |
  Capability.MultiResults |
  Capability.PsMultiResults |
  Capability.PluginAuth |
  Capability.ConnectAttrs |
  Capability.PluginAuthLenencData |
  Capability.DeprecateEof;

/** Status flags in OK and EOF packets (MySQL's `SERVER_STATUS_*`). */
export const ServerStatus = {
  InTransaction: 1,
  Autocommit: 2,
  MoreResults: 8,
} as const;

/** First byte of a command packet (MySQL's `COM_*`). */
export const Command = {
  Quit: 0x01,
  InitDb: 0x02,
  Query: 0x03,
  FieldList: 0x04,
  Statistics: 0x09,
  ProcessKill: 0x0c,
  Ping: 0x0e,
  ChangeUser: 0x11,
  StmtPrepare: 0x16,
  StmtExecute: 0x17,
  StmtSendLongData: 0x18,
  StmtClose: 0x19,
  StmtReset: 0x1a,
  SetOption: 0x1b,
  ResetConnection: 0x1f,
} as const;
