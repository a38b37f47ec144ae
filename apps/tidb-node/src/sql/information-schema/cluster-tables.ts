import { jobRows } from '../admin/admin.js';
import type { VirtualTable } from '../plan/virtual-table.js';
import { grantedPrivileges } from '../show/privileges.js';
import { processRow } from '../show/processes.js';
import type { SqlValue } from '../types/value.js';
import { datetime, int, text, type VirtualContext, variableTable, virtualTable } from './definition.js';

/** DDL jobs, servers and what else is of the cluster. */
export function clusterTables(x: VirtualContext): VirtualTable[] {
  return [
    virtualTable(
      'DDL_JOBS',
      [
        ['JOB_ID', int(21)],
        ['DB_NAME', text(64)],
        ['TABLE_NAME', text(64)],
        ['JOB_TYPE', text(64)],
        ['SCHEMA_STATE', text(64)],
        ['SCHEMA_ID', int(21)],
        ['TABLE_ID', int(21)],
        ['ROW_COUNT', int(21)],
        ['CREATE_TIME', datetime],
        ['START_TIME', datetime],
        ['END_TIME', datetime],
        ['STATE', text(64)],
        ['QUERY', text(64)],
      ],
      async () => {
        const { ddl } = x.services;
        const jobs = [...(await ddl.queued()), ...(await ddl.history(1000))];
        return jobs.flatMap((job) =>
          jobRows(job, { infoSchema: x.infoSchema(), zone: x.zone() }).map((row) => [...row, job.query]),
        );
      },
    ),
    virtualTable(
      'TIDB_SERVERS_INFO',
      [
        ['DDL_ID', text(64)],
        ['IP', text(64)],
        ['PORT', int(21)],
        ['STATUS_PORT', int(21)],
        ['LEASE', text(64)],
        ['VERSION', text(64)],
        ['GIT_HASH', text(64)],
        ['BINLOG_STATUS', text(64)],
        ['LABELS', text(128)],
      ],
      async () =>
        (await x.servers()).map((each): SqlValue[] => [
          each.ddlId,
          each.ip,
          BigInt(each.port),
          BigInt(each.statusPort),
          each.lease,
          each.version,
          each.gitHash,
          each.binlogStatus,
          '',
        ]),
    ),
    virtualTable(
      'PROCESSLIST',
      [
        ['ID', int(21, 1)],
        ['USER', text(16, 1)],
        ['HOST', text(64, 1)],
        ['DB', text(64)],
        ['COMMAND', text(16, 1)],
        ['TIME', int(7, 1)],
        ['STATE', text(7)],
        ['INFO', text(512)],
      ],
      () => x.processes().map(processRow),
    ),
    virtualTable(
      'USER_PRIVILEGES',
      [
        ['GRANTEE', text(81)],
        ['TABLE_CATALOG', text(512)],
        ['PRIVILEGE_TYPE', text(64)],
        ['IS_GRANTABLE', text(3)],
      ],
      () => grantedPrivileges.map((privilege) => ["'root'@'%'", 'def', privilege, 'YES']),
    ),
    variableTable('SESSION_VARIABLES', x, false),
    variableTable('GLOBAL_VARIABLES', x, true),
  ];
}
