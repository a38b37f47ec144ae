import * as $protobuf from "protobufjs";
interface Long { readonly low: number; readonly high: number; readonly unsigned: boolean }
/** Namespace binlog. */
export namespace binlog {

    /** MutationType enum. */
    enum MutationType {
        Insert = 0,
        Update = 1,
        DeleteID = 2,
        DeletePK = 3,
        DeleteRow = 4
    }

    /** BinlogType enum. */
    enum BinlogType {
        Prewrite = 0,
        Commit = 1,
        Rollback = 2,
        PreDDL = 3,
        PostDDL = 4
    }

    /** Properties of a TableMutation. */
    interface ITableMutation {

        /** TableMutation tableId */
        tableId?: (number|Long|null);

        /** TableMutation insertedRows */
        insertedRows?: (Uint8Array[]|null);

        /** TableMutation updatedRows */
        updatedRows?: (Uint8Array[]|null);

        /** TableMutation deletedIds */
        deletedIds?: ((number|Long)[]|null);

        /** TableMutation deletedPks */
        deletedPks?: (Uint8Array[]|null);

        /** TableMutation deletedRows */
        deletedRows?: (Uint8Array[]|null);

        /** TableMutation sequence */
        sequence?: (binlog.MutationType[]|null);
    }

    /** Represents a TableMutation. */
    class TableMutation implements ITableMutation {

        /**
         * Constructs a new TableMutation.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.ITableMutation);

        /** TableMutation tableId. */
        public tableId: (number|Long);

        /** TableMutation insertedRows. */
        public insertedRows: Uint8Array[];

        /** TableMutation updatedRows. */
        public updatedRows: Uint8Array[];

        /** TableMutation deletedIds. */
        public deletedIds: (number|Long)[];

        /** TableMutation deletedPks. */
        public deletedPks: Uint8Array[];

        /** TableMutation deletedRows. */
        public deletedRows: Uint8Array[];

        /** TableMutation sequence. */
        public sequence: binlog.MutationType[];

        /**
         * Creates a new TableMutation instance using the specified properties.
         * @param [properties] Properties to set
         * @returns TableMutation instance
         */
        public static create(properties?: binlog.ITableMutation): binlog.TableMutation;

        /**
         * Encodes the specified TableMutation message. Does not implicitly {@link binlog.TableMutation.verify|verify} messages.
         * @param message TableMutation message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.ITableMutation, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TableMutation message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns TableMutation
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.TableMutation;
    }

    /** Properties of a PrewriteValue. */
    interface IPrewriteValue {

        /** PrewriteValue schemaVersion */
        schemaVersion?: (number|Long|null);

        /** PrewriteValue mutations */
        mutations?: (binlog.ITableMutation[]|null);
    }

    /** Represents a PrewriteValue. */
    class PrewriteValue implements IPrewriteValue {

        /**
         * Constructs a new PrewriteValue.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IPrewriteValue);

        /** PrewriteValue schemaVersion. */
        public schemaVersion: (number|Long);

        /** PrewriteValue mutations. */
        public mutations: binlog.ITableMutation[];

        /**
         * Creates a new PrewriteValue instance using the specified properties.
         * @param [properties] Properties to set
         * @returns PrewriteValue instance
         */
        public static create(properties?: binlog.IPrewriteValue): binlog.PrewriteValue;

        /**
         * Encodes the specified PrewriteValue message. Does not implicitly {@link binlog.PrewriteValue.verify|verify} messages.
         * @param message PrewriteValue message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IPrewriteValue, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PrewriteValue message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns PrewriteValue
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.PrewriteValue;
    }

    /** Properties of a Binlog. */
    interface IBinlog {

        /** Binlog tp */
        tp?: (binlog.BinlogType|null);

        /** Binlog startTs */
        startTs?: (number|Long|null);

        /** Binlog commitTs */
        commitTs?: (number|Long|null);

        /** Binlog prewriteKey */
        prewriteKey?: (Uint8Array|null);

        /** Binlog prewriteValue */
        prewriteValue?: (Uint8Array|null);

        /** Binlog ddlQuery */
        ddlQuery?: (Uint8Array|null);

        /** Binlog ddlJobId */
        ddlJobId?: (number|Long|null);

        /** Binlog ddlSchemaState */
        ddlSchemaState?: (number|null);
    }

    /** Represents a Binlog. */
    class Binlog implements IBinlog {

        /**
         * Constructs a new Binlog.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IBinlog);

        /** Binlog tp. */
        public tp: binlog.BinlogType;

        /** Binlog startTs. */
        public startTs: (number|Long);

        /** Binlog commitTs. */
        public commitTs: (number|Long);

        /** Binlog prewriteKey. */
        public prewriteKey: Uint8Array;

        /** Binlog prewriteValue. */
        public prewriteValue: Uint8Array;

        /** Binlog ddlQuery. */
        public ddlQuery: Uint8Array;

        /** Binlog ddlJobId. */
        public ddlJobId: (number|Long);

        /** Binlog ddlSchemaState. */
        public ddlSchemaState: number;

        /**
         * Creates a new Binlog instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Binlog instance
         */
        public static create(properties?: binlog.IBinlog): binlog.Binlog;

        /**
         * Encodes the specified Binlog message. Does not implicitly {@link binlog.Binlog.verify|verify} messages.
         * @param message Binlog message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IBinlog, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Binlog message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Binlog
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.Binlog;
    }

    /** Properties of a WriteBinlogReq. */
    interface IWriteBinlogReq {

        /** WriteBinlogReq clusterID */
        clusterID?: (number|Long|null);

        /** WriteBinlogReq payload */
        payload?: (Uint8Array|null);
    }

    /** Represents a WriteBinlogReq. */
    class WriteBinlogReq implements IWriteBinlogReq {

        /**
         * Constructs a new WriteBinlogReq.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IWriteBinlogReq);

        /** WriteBinlogReq clusterID. */
        public clusterID: (number|Long);

        /** WriteBinlogReq payload. */
        public payload: Uint8Array;

        /**
         * Creates a new WriteBinlogReq instance using the specified properties.
         * @param [properties] Properties to set
         * @returns WriteBinlogReq instance
         */
        public static create(properties?: binlog.IWriteBinlogReq): binlog.WriteBinlogReq;

        /**
         * Encodes the specified WriteBinlogReq message. Does not implicitly {@link binlog.WriteBinlogReq.verify|verify} messages.
         * @param message WriteBinlogReq message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IWriteBinlogReq, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a WriteBinlogReq message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns WriteBinlogReq
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.WriteBinlogReq;
    }

    /** Properties of a WriteBinlogResp. */
    interface IWriteBinlogResp {

        /** WriteBinlogResp errmsg */
        errmsg?: (string|null);
    }

    /** Represents a WriteBinlogResp. */
    class WriteBinlogResp implements IWriteBinlogResp {

        /**
         * Constructs a new WriteBinlogResp.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IWriteBinlogResp);

        /** WriteBinlogResp errmsg. */
        public errmsg: string;

        /**
         * Creates a new WriteBinlogResp instance using the specified properties.
         * @param [properties] Properties to set
         * @returns WriteBinlogResp instance
         */
        public static create(properties?: binlog.IWriteBinlogResp): binlog.WriteBinlogResp;

        /**
         * Encodes the specified WriteBinlogResp message. Does not implicitly {@link binlog.WriteBinlogResp.verify|verify} messages.
         * @param message WriteBinlogResp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IWriteBinlogResp, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a WriteBinlogResp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns WriteBinlogResp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.WriteBinlogResp;
    }

    /** Properties of a PullBinlogReq. */
    interface IPullBinlogReq {

        /** PullBinlogReq clusterID */
        clusterID?: (number|Long|null);

        /** PullBinlogReq startFrom */
        startFrom?: (binlog.IPos|null);
    }

    /** Represents a PullBinlogReq. */
    class PullBinlogReq implements IPullBinlogReq {

        /**
         * Constructs a new PullBinlogReq.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IPullBinlogReq);

        /** PullBinlogReq clusterID. */
        public clusterID: (number|Long);

        /** PullBinlogReq startFrom. */
        public startFrom?: (binlog.IPos|null);

        /**
         * Creates a new PullBinlogReq instance using the specified properties.
         * @param [properties] Properties to set
         * @returns PullBinlogReq instance
         */
        public static create(properties?: binlog.IPullBinlogReq): binlog.PullBinlogReq;

        /**
         * Encodes the specified PullBinlogReq message. Does not implicitly {@link binlog.PullBinlogReq.verify|verify} messages.
         * @param message PullBinlogReq message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IPullBinlogReq, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PullBinlogReq message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns PullBinlogReq
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.PullBinlogReq;
    }

    /** Properties of a PullBinlogResp. */
    interface IPullBinlogResp {

        /** PullBinlogResp entity */
        entity?: (binlog.IEntity|null);
    }

    /** Represents a PullBinlogResp. */
    class PullBinlogResp implements IPullBinlogResp {

        /**
         * Constructs a new PullBinlogResp.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IPullBinlogResp);

        /** PullBinlogResp entity. */
        public entity?: (binlog.IEntity|null);

        /**
         * Creates a new PullBinlogResp instance using the specified properties.
         * @param [properties] Properties to set
         * @returns PullBinlogResp instance
         */
        public static create(properties?: binlog.IPullBinlogResp): binlog.PullBinlogResp;

        /**
         * Encodes the specified PullBinlogResp message. Does not implicitly {@link binlog.PullBinlogResp.verify|verify} messages.
         * @param message PullBinlogResp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IPullBinlogResp, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PullBinlogResp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns PullBinlogResp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.PullBinlogResp;
    }

    /** Properties of a Pos. */
    interface IPos {

        /** Pos suffix */
        suffix?: (number|Long|null);

        /** Pos offset */
        offset?: (number|Long|null);
    }

    /** Represents a Pos. */
    class Pos implements IPos {

        /**
         * Constructs a new Pos.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IPos);

        /** Pos suffix. */
        public suffix: (number|Long);

        /** Pos offset. */
        public offset: (number|Long);

        /**
         * Creates a new Pos instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Pos instance
         */
        public static create(properties?: binlog.IPos): binlog.Pos;

        /**
         * Encodes the specified Pos message. Does not implicitly {@link binlog.Pos.verify|verify} messages.
         * @param message Pos message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IPos, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Pos message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Pos
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.Pos;
    }

    /** Properties of a Meta. */
    interface IMeta {

        /** Meta startTs */
        startTs?: (number|Long|null);

        /** Meta commitTs */
        commitTs?: (number|Long|null);
    }

    /** Represents a Meta. */
    class Meta implements IMeta {

        /**
         * Constructs a new Meta.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IMeta);

        /** Meta startTs. */
        public startTs: (number|Long);

        /** Meta commitTs. */
        public commitTs: (number|Long);

        /**
         * Creates a new Meta instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Meta instance
         */
        public static create(properties?: binlog.IMeta): binlog.Meta;

        /**
         * Encodes the specified Meta message. Does not implicitly {@link binlog.Meta.verify|verify} messages.
         * @param message Meta message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IMeta, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Meta message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Meta
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.Meta;
    }

    /** Properties of an Entity. */
    interface IEntity {

        /** Entity pos */
        pos?: (binlog.IPos|null);

        /** Entity payload */
        payload?: (Uint8Array|null);

        /** Entity checksum */
        checksum?: (Uint8Array|null);

        /** Entity meta */
        meta?: (binlog.IMeta|null);
    }

    /** Represents an Entity. */
    class Entity implements IEntity {

        /**
         * Constructs a new Entity.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IEntity);

        /** Entity pos. */
        public pos?: (binlog.IPos|null);

        /** Entity payload. */
        public payload: Uint8Array;

        /** Entity checksum. */
        public checksum: Uint8Array;

        /** Entity meta. */
        public meta?: (binlog.IMeta|null);

        /**
         * Creates a new Entity instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Entity instance
         */
        public static create(properties?: binlog.IEntity): binlog.Entity;

        /**
         * Encodes the specified Entity message. Does not implicitly {@link binlog.Entity.verify|verify} messages.
         * @param message Entity message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IEntity, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Entity message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Entity
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.Entity;
    }

    /** Properties of a DumpBinlogReq. */
    interface IDumpBinlogReq {

        /** DumpBinlogReq beginCommitTS */
        beginCommitTS?: (number|Long|null);
    }

    /** Represents a DumpBinlogReq. */
    class DumpBinlogReq implements IDumpBinlogReq {

        /**
         * Constructs a new DumpBinlogReq.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IDumpBinlogReq);

        /** DumpBinlogReq beginCommitTS. */
        public beginCommitTS: (number|Long);

        /**
         * Creates a new DumpBinlogReq instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DumpBinlogReq instance
         */
        public static create(properties?: binlog.IDumpBinlogReq): binlog.DumpBinlogReq;

        /**
         * Encodes the specified DumpBinlogReq message. Does not implicitly {@link binlog.DumpBinlogReq.verify|verify} messages.
         * @param message DumpBinlogReq message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IDumpBinlogReq, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DumpBinlogReq message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DumpBinlogReq
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.DumpBinlogReq;
    }

    /** Properties of a DumpBinlogResp. */
    interface IDumpBinlogResp {

        /** DumpBinlogResp commitTS */
        commitTS?: (number|Long|null);

        /** DumpBinlogResp payload */
        payload?: (Uint8Array|null);

        /** DumpBinlogResp ddljob */
        ddljob?: (Uint8Array|null);
    }

    /** Represents a DumpBinlogResp. */
    class DumpBinlogResp implements IDumpBinlogResp {

        /**
         * Constructs a new DumpBinlogResp.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IDumpBinlogResp);

        /** DumpBinlogResp commitTS. */
        public commitTS: (number|Long);

        /** DumpBinlogResp payload. */
        public payload: Uint8Array;

        /** DumpBinlogResp ddljob. */
        public ddljob: Uint8Array;

        /**
         * Creates a new DumpBinlogResp instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DumpBinlogResp instance
         */
        public static create(properties?: binlog.IDumpBinlogResp): binlog.DumpBinlogResp;

        /**
         * Encodes the specified DumpBinlogResp message. Does not implicitly {@link binlog.DumpBinlogResp.verify|verify} messages.
         * @param message DumpBinlogResp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IDumpBinlogResp, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DumpBinlogResp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DumpBinlogResp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.DumpBinlogResp;
    }

    /** Properties of a DumpDDLJobsReq. */
    interface IDumpDDLJobsReq {

        /** DumpDDLJobsReq beginCommitTS */
        beginCommitTS?: (number|Long|null);
    }

    /** Represents a DumpDDLJobsReq. */
    class DumpDDLJobsReq implements IDumpDDLJobsReq {

        /**
         * Constructs a new DumpDDLJobsReq.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IDumpDDLJobsReq);

        /** DumpDDLJobsReq beginCommitTS. */
        public beginCommitTS: (number|Long);

        /**
         * Creates a new DumpDDLJobsReq instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DumpDDLJobsReq instance
         */
        public static create(properties?: binlog.IDumpDDLJobsReq): binlog.DumpDDLJobsReq;

        /**
         * Encodes the specified DumpDDLJobsReq message. Does not implicitly {@link binlog.DumpDDLJobsReq.verify|verify} messages.
         * @param message DumpDDLJobsReq message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IDumpDDLJobsReq, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DumpDDLJobsReq message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DumpDDLJobsReq
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.DumpDDLJobsReq;
    }

    /** Properties of a DumpDDLJobsResp. */
    interface IDumpDDLJobsResp {

        /** DumpDDLJobsResp ddljobs */
        ddljobs?: (Uint8Array[]|null);
    }

    /** Represents a DumpDDLJobsResp. */
    class DumpDDLJobsResp implements IDumpDDLJobsResp {

        /**
         * Constructs a new DumpDDLJobsResp.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.IDumpDDLJobsResp);

        /** DumpDDLJobsResp ddljobs. */
        public ddljobs: Uint8Array[];

        /**
         * Creates a new DumpDDLJobsResp instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DumpDDLJobsResp instance
         */
        public static create(properties?: binlog.IDumpDDLJobsResp): binlog.DumpDDLJobsResp;

        /**
         * Encodes the specified DumpDDLJobsResp message. Does not implicitly {@link binlog.DumpDDLJobsResp.verify|verify} messages.
         * @param message DumpDDLJobsResp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.IDumpDDLJobsResp, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DumpDDLJobsResp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DumpDDLJobsResp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.DumpDDLJobsResp;
    }

    /** Properties of a NotifyReq. */
    interface INotifyReq {
    }

    /** Represents a NotifyReq. */
    class NotifyReq implements INotifyReq {

        /**
         * Constructs a new NotifyReq.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.INotifyReq);

        /**
         * Creates a new NotifyReq instance using the specified properties.
         * @param [properties] Properties to set
         * @returns NotifyReq instance
         */
        public static create(properties?: binlog.INotifyReq): binlog.NotifyReq;

        /**
         * Encodes the specified NotifyReq message. Does not implicitly {@link binlog.NotifyReq.verify|verify} messages.
         * @param message NotifyReq message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.INotifyReq, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NotifyReq message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns NotifyReq
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.NotifyReq;
    }

    /** Properties of a NotifyResp. */
    interface INotifyResp {
    }

    /** Represents a NotifyResp. */
    class NotifyResp implements INotifyResp {

        /**
         * Constructs a new NotifyResp.
         * @param [properties] Properties to set
         */
        constructor(properties?: binlog.INotifyResp);

        /**
         * Creates a new NotifyResp instance using the specified properties.
         * @param [properties] Properties to set
         * @returns NotifyResp instance
         */
        public static create(properties?: binlog.INotifyResp): binlog.NotifyResp;

        /**
         * Encodes the specified NotifyResp message. Does not implicitly {@link binlog.NotifyResp.verify|verify} messages.
         * @param message NotifyResp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: binlog.INotifyResp, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NotifyResp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns NotifyResp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): binlog.NotifyResp;
    }
}

/** Namespace tidbjs. */
export namespace tidbjs {

    /** Namespace binlog. */
    namespace binlog {

        /** Namespace v1. */
        namespace v1 {

            /** Properties of a WriteBinlogsRequest. */
            interface IWriteBinlogsRequest {

                /** WriteBinlogsRequest clusterId */
                clusterId?: (number|Long|null);

                /** WriteBinlogsRequest firstSequence */
                firstSequence?: (number|Long|null);

                /** WriteBinlogsRequest payloads */
                payloads?: (Uint8Array[]|null);
            }

            /** Represents a WriteBinlogsRequest. */
            class WriteBinlogsRequest implements IWriteBinlogsRequest {

                /**
                 * Constructs a new WriteBinlogsRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IWriteBinlogsRequest);

                /** WriteBinlogsRequest clusterId. */
                public clusterId: (number|Long);

                /** WriteBinlogsRequest firstSequence. */
                public firstSequence: (number|Long);

                /** WriteBinlogsRequest payloads. */
                public payloads: Uint8Array[];

                /**
                 * Creates a new WriteBinlogsRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WriteBinlogsRequest instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IWriteBinlogsRequest): tidbjs.binlog.v1.WriteBinlogsRequest;

                /**
                 * Encodes the specified WriteBinlogsRequest message. Does not implicitly {@link tidbjs.binlog.v1.WriteBinlogsRequest.verify|verify} messages.
                 * @param message WriteBinlogsRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IWriteBinlogsRequest, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WriteBinlogsRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns WriteBinlogsRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.WriteBinlogsRequest;
            }

            /** Properties of a WriteBinlogsResponse. */
            interface IWriteBinlogsResponse {

                /** WriteBinlogsResponse settledSequence */
                settledSequence?: (number|Long|null);

                /** WriteBinlogsResponse failures */
                failures?: (tidbjs.binlog.v1.IWriteFailure[]|null);
            }

            /** Represents a WriteBinlogsResponse. */
            class WriteBinlogsResponse implements IWriteBinlogsResponse {

                /**
                 * Constructs a new WriteBinlogsResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IWriteBinlogsResponse);

                /** WriteBinlogsResponse settledSequence. */
                public settledSequence: (number|Long);

                /** WriteBinlogsResponse failures. */
                public failures: tidbjs.binlog.v1.IWriteFailure[];

                /**
                 * Creates a new WriteBinlogsResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WriteBinlogsResponse instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IWriteBinlogsResponse): tidbjs.binlog.v1.WriteBinlogsResponse;

                /**
                 * Encodes the specified WriteBinlogsResponse message. Does not implicitly {@link tidbjs.binlog.v1.WriteBinlogsResponse.verify|verify} messages.
                 * @param message WriteBinlogsResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IWriteBinlogsResponse, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WriteBinlogsResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns WriteBinlogsResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.WriteBinlogsResponse;
            }

            /** Properties of a WriteFailure. */
            interface IWriteFailure {

                /** WriteFailure sequence */
                sequence?: (number|Long|null);

                /** WriteFailure code */
                code?: (number|null);

                /** WriteFailure message */
                message?: (string|null);
            }

            /** Represents a WriteFailure. */
            class WriteFailure implements IWriteFailure {

                /**
                 * Constructs a new WriteFailure.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IWriteFailure);

                /** WriteFailure sequence. */
                public sequence: (number|Long);

                /** WriteFailure code. */
                public code: number;

                /** WriteFailure message. */
                public message: string;

                /**
                 * Creates a new WriteFailure instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WriteFailure instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IWriteFailure): tidbjs.binlog.v1.WriteFailure;

                /**
                 * Encodes the specified WriteFailure message. Does not implicitly {@link tidbjs.binlog.v1.WriteFailure.verify|verify} messages.
                 * @param message WriteFailure message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IWriteFailure, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WriteFailure message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns WriteFailure
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.WriteFailure;
            }

            /** Properties of a PullBatchesRequest. */
            interface IPullBatchesRequest {

                /** PullBatchesRequest clusterId */
                clusterId?: (number|Long|null);

                /** PullBatchesRequest afterCommitTs */
                afterCommitTs?: (number|Long|null);

                /** PullBatchesRequest maxBatchBytes */
                maxBatchBytes?: (number|null);
            }

            /** Represents a PullBatchesRequest. */
            class PullBatchesRequest implements IPullBatchesRequest {

                /**
                 * Constructs a new PullBatchesRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IPullBatchesRequest);

                /** PullBatchesRequest clusterId. */
                public clusterId: (number|Long);

                /** PullBatchesRequest afterCommitTs. */
                public afterCommitTs: (number|Long);

                /** PullBatchesRequest maxBatchBytes. */
                public maxBatchBytes: number;

                /**
                 * Creates a new PullBatchesRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns PullBatchesRequest instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IPullBatchesRequest): tidbjs.binlog.v1.PullBatchesRequest;

                /**
                 * Encodes the specified PullBatchesRequest message. Does not implicitly {@link tidbjs.binlog.v1.PullBatchesRequest.verify|verify} messages.
                 * @param message PullBatchesRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IPullBatchesRequest, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a PullBatchesRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns PullBatchesRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.PullBatchesRequest;
            }

            /** Properties of a PullBatchesResponse. */
            interface IPullBatchesResponse {

                /** PullBatchesResponse binlogs */
                binlogs?: (tidbjs.binlog.v1.IPulledBinlog[]|null);

                /** PullBatchesResponse watermark */
                watermark?: (number|Long|null);
            }

            /** Represents a PullBatchesResponse. */
            class PullBatchesResponse implements IPullBatchesResponse {

                /**
                 * Constructs a new PullBatchesResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IPullBatchesResponse);

                /** PullBatchesResponse binlogs. */
                public binlogs: tidbjs.binlog.v1.IPulledBinlog[];

                /** PullBatchesResponse watermark. */
                public watermark: (number|Long);

                /**
                 * Creates a new PullBatchesResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns PullBatchesResponse instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IPullBatchesResponse): tidbjs.binlog.v1.PullBatchesResponse;

                /**
                 * Encodes the specified PullBatchesResponse message. Does not implicitly {@link tidbjs.binlog.v1.PullBatchesResponse.verify|verify} messages.
                 * @param message PullBatchesResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IPullBatchesResponse, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a PullBatchesResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns PullBatchesResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.PullBatchesResponse;
            }

            /** Properties of a PulledBinlog. */
            interface IPulledBinlog {

                /** PulledBinlog startTs */
                startTs?: (number|Long|null);

                /** PulledBinlog commitTs */
                commitTs?: (number|Long|null);

                /** PulledBinlog payload */
                payload?: (Uint8Array|null);
            }

            /** Represents a PulledBinlog. */
            class PulledBinlog implements IPulledBinlog {

                /**
                 * Constructs a new PulledBinlog.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tidbjs.binlog.v1.IPulledBinlog);

                /** PulledBinlog startTs. */
                public startTs: (number|Long);

                /** PulledBinlog commitTs. */
                public commitTs: (number|Long);

                /** PulledBinlog payload. */
                public payload: Uint8Array;

                /**
                 * Creates a new PulledBinlog instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns PulledBinlog instance
                 */
                public static create(properties?: tidbjs.binlog.v1.IPulledBinlog): tidbjs.binlog.v1.PulledBinlog;

                /**
                 * Encodes the specified PulledBinlog message. Does not implicitly {@link tidbjs.binlog.v1.PulledBinlog.verify|verify} messages.
                 * @param message PulledBinlog message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                public static encode(message: tidbjs.binlog.v1.IPulledBinlog, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a PulledBinlog message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns PulledBinlog
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tidbjs.binlog.v1.PulledBinlog;
            }
        }
    }
}

/** Namespace secondary_binlog. */
export namespace secondary_binlog {

    /** BinlogType enum. */
    enum BinlogType {
        DML = 0,
        DDL = 1
    }

    /** MutationType enum. */
    enum MutationType {
        Insert = 0,
        Update = 1,
        Delete = 2
    }

    /** Properties of a Column. */
    interface IColumn {

        /** Column isNull */
        isNull?: (boolean|null);

        /** Column int64Value */
        int64Value?: (number|Long|null);

        /** Column uint64Value */
        uint64Value?: (number|Long|null);

        /** Column doubleValue */
        doubleValue?: (number|null);

        /** Column bytesValue */
        bytesValue?: (Uint8Array|null);

        /** Column stringValue */
        stringValue?: (string|null);
    }

    /** Represents a Column. */
    class Column implements IColumn {

        /**
         * Constructs a new Column.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IColumn);

        /** Column isNull. */
        public isNull: boolean;

        /** Column int64Value. */
        public int64Value: (number|Long);

        /** Column uint64Value. */
        public uint64Value: (number|Long);

        /** Column doubleValue. */
        public doubleValue: number;

        /** Column bytesValue. */
        public bytesValue: Uint8Array;

        /** Column stringValue. */
        public stringValue: string;

        /**
         * Creates a new Column instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Column instance
         */
        public static create(properties?: secondary_binlog.IColumn): secondary_binlog.Column;

        /**
         * Encodes the specified Column message. Does not implicitly {@link secondary_binlog.Column.verify|verify} messages.
         * @param message Column message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IColumn, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Column message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Column
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.Column;
    }

    /** Properties of a ColumnInfo. */
    interface IColumnInfo {

        /** ColumnInfo name */
        name?: (string|null);

        /** ColumnInfo mysqlType */
        mysqlType?: (string|null);

        /** ColumnInfo isPrimaryKey */
        isPrimaryKey?: (boolean|null);

        /** ColumnInfo flen */
        flen?: (number|null);

        /** ColumnInfo decimal */
        decimal?: (number|null);
    }

    /** Represents a ColumnInfo. */
    class ColumnInfo implements IColumnInfo {

        /**
         * Constructs a new ColumnInfo.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IColumnInfo);

        /** ColumnInfo name. */
        public name: string;

        /** ColumnInfo mysqlType. */
        public mysqlType: string;

        /** ColumnInfo isPrimaryKey. */
        public isPrimaryKey: boolean;

        /** ColumnInfo flen. */
        public flen: number;

        /** ColumnInfo decimal. */
        public decimal: number;

        /**
         * Creates a new ColumnInfo instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ColumnInfo instance
         */
        public static create(properties?: secondary_binlog.IColumnInfo): secondary_binlog.ColumnInfo;

        /**
         * Encodes the specified ColumnInfo message. Does not implicitly {@link secondary_binlog.ColumnInfo.verify|verify} messages.
         * @param message ColumnInfo message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IColumnInfo, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ColumnInfo message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns ColumnInfo
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.ColumnInfo;
    }

    /** Properties of a Row. */
    interface IRow {

        /** Row columns */
        columns?: (secondary_binlog.IColumn[]|null);
    }

    /** Represents a Row. */
    class Row implements IRow {

        /**
         * Constructs a new Row.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IRow);

        /** Row columns. */
        public columns: secondary_binlog.IColumn[];

        /**
         * Creates a new Row instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Row instance
         */
        public static create(properties?: secondary_binlog.IRow): secondary_binlog.Row;

        /**
         * Encodes the specified Row message. Does not implicitly {@link secondary_binlog.Row.verify|verify} messages.
         * @param message Row message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IRow, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Row message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Row
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.Row;
    }

    /** Properties of a Table. */
    interface ITable {

        /** Table schemaName */
        schemaName?: (string|null);

        /** Table tableName */
        tableName?: (string|null);

        /** Table columnInfo */
        columnInfo?: (secondary_binlog.IColumnInfo[]|null);

        /** Table mutations */
        mutations?: (secondary_binlog.ITableMutation[]|null);

        /** Table uniqueKeys */
        uniqueKeys?: (secondary_binlog.IKey[]|null);
    }

    /** Represents a Table. */
    class Table implements ITable {

        /**
         * Constructs a new Table.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.ITable);

        /** Table schemaName. */
        public schemaName: string;

        /** Table tableName. */
        public tableName: string;

        /** Table columnInfo. */
        public columnInfo: secondary_binlog.IColumnInfo[];

        /** Table mutations. */
        public mutations: secondary_binlog.ITableMutation[];

        /** Table uniqueKeys. */
        public uniqueKeys: secondary_binlog.IKey[];

        /**
         * Creates a new Table instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Table instance
         */
        public static create(properties?: secondary_binlog.ITable): secondary_binlog.Table;

        /**
         * Encodes the specified Table message. Does not implicitly {@link secondary_binlog.Table.verify|verify} messages.
         * @param message Table message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.ITable, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Table message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Table
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.Table;
    }

    /** Properties of a Key. */
    interface IKey {

        /** Key name */
        name?: (string|null);

        /** Key columnNames */
        columnNames?: (string[]|null);
    }

    /** Represents a Key. */
    class Key implements IKey {

        /**
         * Constructs a new Key.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IKey);

        /** Key name. */
        public name: string;

        /** Key columnNames. */
        public columnNames: string[];

        /**
         * Creates a new Key instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Key instance
         */
        public static create(properties?: secondary_binlog.IKey): secondary_binlog.Key;

        /**
         * Encodes the specified Key message. Does not implicitly {@link secondary_binlog.Key.verify|verify} messages.
         * @param message Key message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IKey, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Key message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Key
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.Key;
    }

    /** Properties of a TableMutation. */
    interface ITableMutation {

        /** TableMutation type */
        type: secondary_binlog.MutationType;

        /** TableMutation row */
        row: secondary_binlog.IRow;

        /** TableMutation changeRow */
        changeRow?: (secondary_binlog.IRow|null);
    }

    /** Represents a TableMutation. */
    class TableMutation implements ITableMutation {

        /**
         * Constructs a new TableMutation.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.ITableMutation);

        /** TableMutation type. */
        public type: secondary_binlog.MutationType;

        /** TableMutation row. */
        public row: secondary_binlog.IRow;

        /** TableMutation changeRow. */
        public changeRow?: (secondary_binlog.IRow|null);

        /**
         * Creates a new TableMutation instance using the specified properties.
         * @param [properties] Properties to set
         * @returns TableMutation instance
         */
        public static create(properties?: secondary_binlog.ITableMutation): secondary_binlog.TableMutation;

        /**
         * Encodes the specified TableMutation message. Does not implicitly {@link secondary_binlog.TableMutation.verify|verify} messages.
         * @param message TableMutation message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.ITableMutation, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TableMutation message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns TableMutation
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.TableMutation;
    }

    /** Properties of a DMLData. */
    interface IDMLData {

        /** DMLData tables */
        tables?: (secondary_binlog.ITable[]|null);
    }

    /** Represents a DMLData. */
    class DMLData implements IDMLData {

        /**
         * Constructs a new DMLData.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IDMLData);

        /** DMLData tables. */
        public tables: secondary_binlog.ITable[];

        /**
         * Creates a new DMLData instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DMLData instance
         */
        public static create(properties?: secondary_binlog.IDMLData): secondary_binlog.DMLData;

        /**
         * Encodes the specified DMLData message. Does not implicitly {@link secondary_binlog.DMLData.verify|verify} messages.
         * @param message DMLData message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IDMLData, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DMLData message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DMLData
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.DMLData;
    }

    /** Properties of a DDLData. */
    interface IDDLData {

        /** DDLData schemaName */
        schemaName?: (string|null);

        /** DDLData tableName */
        tableName?: (string|null);

        /** DDLData ddlQuery */
        ddlQuery?: (Uint8Array|null);
    }

    /** Represents a DDLData. */
    class DDLData implements IDDLData {

        /**
         * Constructs a new DDLData.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IDDLData);

        /** DDLData schemaName. */
        public schemaName: string;

        /** DDLData tableName. */
        public tableName: string;

        /** DDLData ddlQuery. */
        public ddlQuery: Uint8Array;

        /**
         * Creates a new DDLData instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DDLData instance
         */
        public static create(properties?: secondary_binlog.IDDLData): secondary_binlog.DDLData;

        /**
         * Encodes the specified DDLData message. Does not implicitly {@link secondary_binlog.DDLData.verify|verify} messages.
         * @param message DDLData message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IDDLData, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DDLData message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DDLData
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.DDLData;
    }

    /** Properties of a Binlog. */
    interface IBinlog {

        /** Binlog type */
        type?: (secondary_binlog.BinlogType|null);

        /** Binlog commitTs */
        commitTs?: (number|Long|null);

        /** Binlog dmlData */
        dmlData?: (secondary_binlog.IDMLData|null);

        /** Binlog ddlData */
        ddlData?: (secondary_binlog.IDDLData|null);

        /** Binlog timeZone */
        timeZone?: (string|null);
    }

    /** Represents a Binlog. */
    class Binlog implements IBinlog {

        /**
         * Constructs a new Binlog.
         * @param [properties] Properties to set
         */
        constructor(properties?: secondary_binlog.IBinlog);

        /** Binlog type. */
        public type: secondary_binlog.BinlogType;

        /** Binlog commitTs. */
        public commitTs: (number|Long);

        /** Binlog dmlData. */
        public dmlData?: (secondary_binlog.IDMLData|null);

        /** Binlog ddlData. */
        public ddlData?: (secondary_binlog.IDDLData|null);

        /** Binlog timeZone. */
        public timeZone: string;

        /**
         * Creates a new Binlog instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Binlog instance
         */
        public static create(properties?: secondary_binlog.IBinlog): secondary_binlog.Binlog;

        /**
         * Encodes the specified Binlog message. Does not implicitly {@link secondary_binlog.Binlog.verify|verify} messages.
         * @param message Binlog message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: secondary_binlog.IBinlog, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Binlog message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Binlog
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): secondary_binlog.Binlog;
    }
}

/** Namespace pb_binlog. */
export namespace pb_binlog {

    /** BinlogType enum. */
    enum BinlogType {
        DML = 0,
        DDL = 1
    }

    /** EventType enum. */
    enum EventType {
        Insert = 0,
        Update = 1,
        Delete = 2
    }

    /** Properties of a Column. */
    interface IColumn {

        /** Column name */
        name?: (string|null);

        /** Column tp */
        tp?: (Uint8Array|null);

        /** Column mysqlType */
        mysqlType?: (string|null);

        /** Column value */
        value?: (Uint8Array|null);

        /** Column changedValue */
        changedValue?: (Uint8Array|null);
    }

    /** Represents a Column. */
    class Column implements IColumn {

        /**
         * Constructs a new Column.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb_binlog.IColumn);

        /** Column name. */
        public name: string;

        /** Column tp. */
        public tp: Uint8Array;

        /** Column mysqlType. */
        public mysqlType: string;

        /** Column value. */
        public value: Uint8Array;

        /** Column changedValue. */
        public changedValue: Uint8Array;

        /**
         * Creates a new Column instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Column instance
         */
        public static create(properties?: pb_binlog.IColumn): pb_binlog.Column;

        /**
         * Encodes the specified Column message. Does not implicitly {@link pb_binlog.Column.verify|verify} messages.
         * @param message Column message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: pb_binlog.IColumn, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Column message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Column
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb_binlog.Column;
    }

    /** Properties of an Event. */
    interface IEvent {

        /** Event schemaName */
        schemaName?: (string|null);

        /** Event tableName */
        tableName?: (string|null);

        /** Event tp */
        tp: pb_binlog.EventType;

        /** Event row */
        row?: (Uint8Array[]|null);
    }

    /** Represents an Event. */
    class Event implements IEvent {

        /**
         * Constructs a new Event.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb_binlog.IEvent);

        /** Event schemaName. */
        public schemaName: string;

        /** Event tableName. */
        public tableName: string;

        /** Event tp. */
        public tp: pb_binlog.EventType;

        /** Event row. */
        public row: Uint8Array[];

        /**
         * Creates a new Event instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Event instance
         */
        public static create(properties?: pb_binlog.IEvent): pb_binlog.Event;

        /**
         * Encodes the specified Event message. Does not implicitly {@link pb_binlog.Event.verify|verify} messages.
         * @param message Event message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: pb_binlog.IEvent, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Event message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Event
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb_binlog.Event;
    }

    /** Properties of a DMLData. */
    interface IDMLData {

        /** DMLData events */
        events?: (pb_binlog.IEvent[]|null);
    }

    /** Represents a DMLData. */
    class DMLData implements IDMLData {

        /**
         * Constructs a new DMLData.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb_binlog.IDMLData);

        /** DMLData events. */
        public events: pb_binlog.IEvent[];

        /**
         * Creates a new DMLData instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DMLData instance
         */
        public static create(properties?: pb_binlog.IDMLData): pb_binlog.DMLData;

        /**
         * Encodes the specified DMLData message. Does not implicitly {@link pb_binlog.DMLData.verify|verify} messages.
         * @param message DMLData message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: pb_binlog.IDMLData, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DMLData message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns DMLData
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb_binlog.DMLData;
    }

    /** Properties of a Binlog. */
    interface IBinlog {

        /** Binlog tp */
        tp?: (pb_binlog.BinlogType|null);

        /** Binlog commitTs */
        commitTs?: (number|Long|null);

        /** Binlog dmlData */
        dmlData?: (pb_binlog.IDMLData|null);

        /** Binlog ddlQuery */
        ddlQuery?: (Uint8Array|null);
    }

    /** Represents a Binlog. */
    class Binlog implements IBinlog {

        /**
         * Constructs a new Binlog.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb_binlog.IBinlog);

        /** Binlog tp. */
        public tp: pb_binlog.BinlogType;

        /** Binlog commitTs. */
        public commitTs: (number|Long);

        /** Binlog dmlData. */
        public dmlData?: (pb_binlog.IDMLData|null);

        /** Binlog ddlQuery. */
        public ddlQuery: Uint8Array;

        /**
         * Creates a new Binlog instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Binlog instance
         */
        public static create(properties?: pb_binlog.IBinlog): pb_binlog.Binlog;

        /**
         * Encodes the specified Binlog message. Does not implicitly {@link pb_binlog.Binlog.verify|verify} messages.
         * @param message Binlog message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        public static encode(message: pb_binlog.IBinlog, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Binlog message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns Binlog
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        public static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb_binlog.Binlog;
    }
}
