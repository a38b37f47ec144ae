/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;

const $root = $protobuf.roots["tidbjs-binlog"] || ($protobuf.roots["tidbjs-binlog"] = {});

export const binlog = $root.binlog = (() => {

    const binlog = {};

    binlog.MutationType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "Insert"] = 0;
        values[valuesById[1] = "Update"] = 1;
        values[valuesById[2] = "DeleteID"] = 2;
        values[valuesById[3] = "DeletePK"] = 3;
        values[valuesById[4] = "DeleteRow"] = 4;
        return values;
    })();

    binlog.BinlogType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "Prewrite"] = 0;
        values[valuesById[1] = "Commit"] = 1;
        values[valuesById[2] = "Rollback"] = 2;
        values[valuesById[3] = "PreDDL"] = 3;
        values[valuesById[4] = "PostDDL"] = 4;
        return values;
    })();

    binlog.TableMutation = (function() {

        function TableMutation(properties) {
            this.insertedRows = [];
            this.updatedRows = [];
            this.deletedIds = [];
            this.deletedPks = [];
            this.deletedRows = [];
            this.sequence = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        TableMutation.prototype.tableId = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        TableMutation.prototype.insertedRows = $util.emptyArray;
        TableMutation.prototype.updatedRows = $util.emptyArray;
        TableMutation.prototype.deletedIds = $util.emptyArray;
        TableMutation.prototype.deletedPks = $util.emptyArray;
        TableMutation.prototype.deletedRows = $util.emptyArray;
        TableMutation.prototype.sequence = $util.emptyArray;

        TableMutation.create = function create(properties) {
            return new TableMutation(properties);
        };

        TableMutation.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.tableId != null && Object.hasOwnProperty.call(message, "tableId"))
                writer.uint32(8).int64(message.tableId);
            if (message.insertedRows != null && message.insertedRows.length)
                for (let i = 0; i < message.insertedRows.length; ++i)
                    writer.uint32(18).bytes(message.insertedRows[i]);
            if (message.updatedRows != null && message.updatedRows.length)
                for (let i = 0; i < message.updatedRows.length; ++i)
                    writer.uint32(26).bytes(message.updatedRows[i]);
            if (message.deletedIds != null && message.deletedIds.length)
                for (let i = 0; i < message.deletedIds.length; ++i)
                    writer.uint32(32).int64(message.deletedIds[i]);
            if (message.deletedPks != null && message.deletedPks.length)
                for (let i = 0; i < message.deletedPks.length; ++i)
                    writer.uint32(42).bytes(message.deletedPks[i]);
            if (message.deletedRows != null && message.deletedRows.length)
                for (let i = 0; i < message.deletedRows.length; ++i)
                    writer.uint32(50).bytes(message.deletedRows[i]);
            if (message.sequence != null && message.sequence.length)
                for (let i = 0; i < message.sequence.length; ++i)
                    writer.uint32(56).int32(message.sequence[i]);
            return writer;
        };

        TableMutation.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.TableMutation();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.tableId = reader.int64();
                        break;
                    }
                case 2: {
                        if (!(message.insertedRows && message.insertedRows.length))
                            message.insertedRows = [];
                        message.insertedRows.push(reader.bytes());
                        break;
                    }
                case 3: {
                        if (!(message.updatedRows && message.updatedRows.length))
                            message.updatedRows = [];
                        message.updatedRows.push(reader.bytes());
                        break;
                    }
                case 4: {
                        if (!(message.deletedIds && message.deletedIds.length))
                            message.deletedIds = [];
                        if ((tag & 7) === 2) {
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            while (reader.pos < end2)
                                message.deletedIds.push(reader.int64());
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                        } else
                            message.deletedIds.push(reader.int64());
                        break;
                    }
                case 5: {
                        if (!(message.deletedPks && message.deletedPks.length))
                            message.deletedPks = [];
                        message.deletedPks.push(reader.bytes());
                        break;
                    }
                case 6: {
                        if (!(message.deletedRows && message.deletedRows.length))
                            message.deletedRows = [];
                        message.deletedRows.push(reader.bytes());
                        break;
                    }
                case 7: {
                        if (!(message.sequence && message.sequence.length))
                            message.sequence = [];
                        if ((tag & 7) === 2) {
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            while (reader.pos < end2)
                                message.sequence.push(reader.int32());
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                        } else
                            message.sequence.push(reader.int32());
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return TableMutation;
    })();

    binlog.PrewriteValue = (function() {

        function PrewriteValue(properties) {
            this.mutations = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        PrewriteValue.prototype.schemaVersion = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        PrewriteValue.prototype.mutations = $util.emptyArray;

        PrewriteValue.create = function create(properties) {
            return new PrewriteValue(properties);
        };

        PrewriteValue.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.schemaVersion != null && Object.hasOwnProperty.call(message, "schemaVersion"))
                writer.uint32(8).int64(message.schemaVersion);
            if (message.mutations != null && message.mutations.length)
                for (let i = 0; i < message.mutations.length; ++i)
                    $root.binlog.TableMutation.encode(message.mutations[i], writer.uint32(18).fork(), q + 1).ldelim();
            return writer;
        };

        PrewriteValue.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.PrewriteValue();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.schemaVersion = reader.int64();
                        break;
                    }
                case 2: {
                        if (!(message.mutations && message.mutations.length))
                            message.mutations = [];
                        message.mutations.push($root.binlog.TableMutation.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return PrewriteValue;
    })();

    binlog.Binlog = (function() {

        function Binlog(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Binlog.prototype.tp = 0;
        Binlog.prototype.startTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Binlog.prototype.commitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Binlog.prototype.prewriteKey = $util.newBuffer([]);
        Binlog.prototype.prewriteValue = $util.newBuffer([]);
        Binlog.prototype.ddlQuery = $util.newBuffer([]);
        Binlog.prototype.ddlJobId = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Binlog.prototype.ddlSchemaState = 0;

        Binlog.create = function create(properties) {
            return new Binlog(properties);
        };

        Binlog.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.tp != null && Object.hasOwnProperty.call(message, "tp"))
                writer.uint32(8).int32(message.tp);
            if (message.startTs != null && Object.hasOwnProperty.call(message, "startTs"))
                writer.uint32(16).int64(message.startTs);
            if (message.commitTs != null && Object.hasOwnProperty.call(message, "commitTs"))
                writer.uint32(24).int64(message.commitTs);
            if (message.prewriteKey != null && Object.hasOwnProperty.call(message, "prewriteKey"))
                writer.uint32(34).bytes(message.prewriteKey);
            if (message.prewriteValue != null && Object.hasOwnProperty.call(message, "prewriteValue"))
                writer.uint32(42).bytes(message.prewriteValue);
            if (message.ddlQuery != null && Object.hasOwnProperty.call(message, "ddlQuery"))
                writer.uint32(50).bytes(message.ddlQuery);
            if (message.ddlJobId != null && Object.hasOwnProperty.call(message, "ddlJobId"))
                writer.uint32(56).int64(message.ddlJobId);
            if (message.ddlSchemaState != null && Object.hasOwnProperty.call(message, "ddlSchemaState"))
                writer.uint32(64).int32(message.ddlSchemaState);
            return writer;
        };

        Binlog.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.Binlog();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.tp = reader.int32();
                        break;
                    }
                case 2: {
                        message.startTs = reader.int64();
                        break;
                    }
                case 3: {
                        message.commitTs = reader.int64();
                        break;
                    }
                case 4: {
                        message.prewriteKey = reader.bytes();
                        break;
                    }
                case 5: {
                        message.prewriteValue = reader.bytes();
                        break;
                    }
                case 6: {
                        message.ddlQuery = reader.bytes();
                        break;
                    }
                case 7: {
                        message.ddlJobId = reader.int64();
                        break;
                    }
                case 8: {
                        message.ddlSchemaState = reader.int32();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Binlog;
    })();

    binlog.WriteBinlogReq = (function() {

        function WriteBinlogReq(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        WriteBinlogReq.prototype.clusterID = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        WriteBinlogReq.prototype.payload = $util.newBuffer([]);

        WriteBinlogReq.create = function create(properties) {
            return new WriteBinlogReq(properties);
        };

        WriteBinlogReq.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.clusterID != null && Object.hasOwnProperty.call(message, "clusterID"))
                writer.uint32(8).uint64(message.clusterID);
            if (message.payload != null && Object.hasOwnProperty.call(message, "payload"))
                writer.uint32(18).bytes(message.payload);
            return writer;
        };

        WriteBinlogReq.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.WriteBinlogReq();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.clusterID = reader.uint64();
                        break;
                    }
                case 2: {
                        message.payload = reader.bytes();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return WriteBinlogReq;
    })();

    binlog.WriteBinlogResp = (function() {

        function WriteBinlogResp(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        WriteBinlogResp.prototype.errmsg = "";

        WriteBinlogResp.create = function create(properties) {
            return new WriteBinlogResp(properties);
        };

        WriteBinlogResp.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.errmsg != null && Object.hasOwnProperty.call(message, "errmsg"))
                writer.uint32(10).string(message.errmsg);
            return writer;
        };

        WriteBinlogResp.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.WriteBinlogResp();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.errmsg = reader.string();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return WriteBinlogResp;
    })();

    binlog.PullBinlogReq = (function() {

        function PullBinlogReq(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        PullBinlogReq.prototype.clusterID = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        PullBinlogReq.prototype.startFrom = null;

        PullBinlogReq.create = function create(properties) {
            return new PullBinlogReq(properties);
        };

        PullBinlogReq.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.clusterID != null && Object.hasOwnProperty.call(message, "clusterID"))
                writer.uint32(8).uint64(message.clusterID);
            if (message.startFrom != null && Object.hasOwnProperty.call(message, "startFrom"))
                $root.binlog.Pos.encode(message.startFrom, writer.uint32(18).fork(), q + 1).ldelim();
            return writer;
        };

        PullBinlogReq.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.PullBinlogReq();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.clusterID = reader.uint64();
                        break;
                    }
                case 2: {
                        message.startFrom = $root.binlog.Pos.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return PullBinlogReq;
    })();

    binlog.PullBinlogResp = (function() {

        function PullBinlogResp(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        PullBinlogResp.prototype.entity = null;

        PullBinlogResp.create = function create(properties) {
            return new PullBinlogResp(properties);
        };

        PullBinlogResp.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.entity != null && Object.hasOwnProperty.call(message, "entity"))
                $root.binlog.Entity.encode(message.entity, writer.uint32(10).fork(), q + 1).ldelim();
            return writer;
        };

        PullBinlogResp.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.PullBinlogResp();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.entity = $root.binlog.Entity.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return PullBinlogResp;
    })();

    binlog.Pos = (function() {

        function Pos(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Pos.prototype.suffix = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Pos.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

        Pos.create = function create(properties) {
            return new Pos(properties);
        };

        Pos.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.suffix != null && Object.hasOwnProperty.call(message, "suffix"))
                writer.uint32(8).uint64(message.suffix);
            if (message.offset != null && Object.hasOwnProperty.call(message, "offset"))
                writer.uint32(16).int64(message.offset);
            return writer;
        };

        Pos.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.Pos();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.suffix = reader.uint64();
                        break;
                    }
                case 2: {
                        message.offset = reader.int64();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Pos;
    })();

    binlog.Meta = (function() {

        function Meta(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Meta.prototype.startTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Meta.prototype.commitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

        Meta.create = function create(properties) {
            return new Meta(properties);
        };

        Meta.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.startTs != null && Object.hasOwnProperty.call(message, "startTs"))
                writer.uint32(8).int64(message.startTs);
            if (message.commitTs != null && Object.hasOwnProperty.call(message, "commitTs"))
                writer.uint32(16).int64(message.commitTs);
            return writer;
        };

        Meta.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.Meta();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.startTs = reader.int64();
                        break;
                    }
                case 2: {
                        message.commitTs = reader.int64();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Meta;
    })();

    binlog.Entity = (function() {

        function Entity(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Entity.prototype.pos = null;
        Entity.prototype.payload = $util.newBuffer([]);
        Entity.prototype.checksum = $util.newBuffer([]);
        Entity.prototype.meta = null;

        Entity.create = function create(properties) {
            return new Entity(properties);
        };

        Entity.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.pos != null && Object.hasOwnProperty.call(message, "pos"))
                $root.binlog.Pos.encode(message.pos, writer.uint32(10).fork(), q + 1).ldelim();
            if (message.payload != null && Object.hasOwnProperty.call(message, "payload"))
                writer.uint32(18).bytes(message.payload);
            if (message.checksum != null && Object.hasOwnProperty.call(message, "checksum"))
                writer.uint32(26).bytes(message.checksum);
            if (message.meta != null && Object.hasOwnProperty.call(message, "meta"))
                $root.binlog.Meta.encode(message.meta, writer.uint32(34).fork(), q + 1).ldelim();
            return writer;
        };

        Entity.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.Entity();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.pos = $root.binlog.Pos.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                case 2: {
                        message.payload = reader.bytes();
                        break;
                    }
                case 3: {
                        message.checksum = reader.bytes();
                        break;
                    }
                case 4: {
                        message.meta = $root.binlog.Meta.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Entity;
    })();

    binlog.DumpBinlogReq = (function() {

        function DumpBinlogReq(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DumpBinlogReq.prototype.beginCommitTS = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

        DumpBinlogReq.create = function create(properties) {
            return new DumpBinlogReq(properties);
        };

        DumpBinlogReq.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.beginCommitTS != null && Object.hasOwnProperty.call(message, "beginCommitTS"))
                writer.uint32(8).int64(message.beginCommitTS);
            return writer;
        };

        DumpBinlogReq.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.DumpBinlogReq();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.beginCommitTS = reader.int64();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DumpBinlogReq;
    })();

    binlog.DumpBinlogResp = (function() {

        function DumpBinlogResp(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DumpBinlogResp.prototype.commitTS = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        DumpBinlogResp.prototype.payload = $util.newBuffer([]);
        DumpBinlogResp.prototype.ddljob = $util.newBuffer([]);

        DumpBinlogResp.create = function create(properties) {
            return new DumpBinlogResp(properties);
        };

        DumpBinlogResp.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.commitTS != null && Object.hasOwnProperty.call(message, "commitTS"))
                writer.uint32(8).int64(message.commitTS);
            if (message.payload != null && Object.hasOwnProperty.call(message, "payload"))
                writer.uint32(18).bytes(message.payload);
            if (message.ddljob != null && Object.hasOwnProperty.call(message, "ddljob"))
                writer.uint32(26).bytes(message.ddljob);
            return writer;
        };

        DumpBinlogResp.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.DumpBinlogResp();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.commitTS = reader.int64();
                        break;
                    }
                case 2: {
                        message.payload = reader.bytes();
                        break;
                    }
                case 3: {
                        message.ddljob = reader.bytes();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DumpBinlogResp;
    })();

    binlog.DumpDDLJobsReq = (function() {

        function DumpDDLJobsReq(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DumpDDLJobsReq.prototype.beginCommitTS = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

        DumpDDLJobsReq.create = function create(properties) {
            return new DumpDDLJobsReq(properties);
        };

        DumpDDLJobsReq.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.beginCommitTS != null && Object.hasOwnProperty.call(message, "beginCommitTS"))
                writer.uint32(8).int64(message.beginCommitTS);
            return writer;
        };

        DumpDDLJobsReq.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.DumpDDLJobsReq();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.beginCommitTS = reader.int64();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DumpDDLJobsReq;
    })();

    binlog.DumpDDLJobsResp = (function() {

        function DumpDDLJobsResp(properties) {
            this.ddljobs = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DumpDDLJobsResp.prototype.ddljobs = $util.emptyArray;

        DumpDDLJobsResp.create = function create(properties) {
            return new DumpDDLJobsResp(properties);
        };

        DumpDDLJobsResp.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.ddljobs != null && message.ddljobs.length)
                for (let i = 0; i < message.ddljobs.length; ++i)
                    writer.uint32(10).bytes(message.ddljobs[i]);
            return writer;
        };

        DumpDDLJobsResp.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.DumpDDLJobsResp();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        if (!(message.ddljobs && message.ddljobs.length))
                            message.ddljobs = [];
                        message.ddljobs.push(reader.bytes());
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DumpDDLJobsResp;
    })();

    binlog.NotifyReq = (function() {

        function NotifyReq(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        NotifyReq.create = function create(properties) {
            return new NotifyReq(properties);
        };

        NotifyReq.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            return writer;
        };

        NotifyReq.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.NotifyReq();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return NotifyReq;
    })();

    binlog.NotifyResp = (function() {

        function NotifyResp(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        NotifyResp.create = function create(properties) {
            return new NotifyResp(properties);
        };

        NotifyResp.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            return writer;
        };

        NotifyResp.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.binlog.NotifyResp();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return NotifyResp;
    })();

    return binlog;
})();

export const tidbjs = $root.tidbjs = (() => {

    const tidbjs = {};

    tidbjs.binlog = (function() {

        const binlog = {};

        binlog.v1 = (function() {

            const v1 = {};

            v1.WriteBinlogsRequest = (function() {

                function WriteBinlogsRequest(properties) {
                    this.payloads = [];
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                WriteBinlogsRequest.prototype.clusterId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
                WriteBinlogsRequest.prototype.firstSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
                WriteBinlogsRequest.prototype.payloads = $util.emptyArray;

                WriteBinlogsRequest.create = function create(properties) {
                    return new WriteBinlogsRequest(properties);
                };

                WriteBinlogsRequest.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.clusterId != null && Object.hasOwnProperty.call(message, "clusterId"))
                        writer.uint32(8).uint64(message.clusterId);
                    if (message.firstSequence != null && Object.hasOwnProperty.call(message, "firstSequence"))
                        writer.uint32(16).uint64(message.firstSequence);
                    if (message.payloads != null && message.payloads.length)
                        for (let i = 0; i < message.payloads.length; ++i)
                            writer.uint32(26).bytes(message.payloads[i]);
                    return writer;
                };

                WriteBinlogsRequest.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.WriteBinlogsRequest();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                message.clusterId = reader.uint64();
                                break;
                            }
                        case 2: {
                                message.firstSequence = reader.uint64();
                                break;
                            }
                        case 3: {
                                if (!(message.payloads && message.payloads.length))
                                    message.payloads = [];
                                message.payloads.push(reader.bytes());
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return WriteBinlogsRequest;
            })();

            v1.WriteBinlogsResponse = (function() {

                function WriteBinlogsResponse(properties) {
                    this.failures = [];
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                WriteBinlogsResponse.prototype.settledSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
                WriteBinlogsResponse.prototype.failures = $util.emptyArray;

                WriteBinlogsResponse.create = function create(properties) {
                    return new WriteBinlogsResponse(properties);
                };

                WriteBinlogsResponse.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.settledSequence != null && Object.hasOwnProperty.call(message, "settledSequence"))
                        writer.uint32(8).uint64(message.settledSequence);
                    if (message.failures != null && message.failures.length)
                        for (let i = 0; i < message.failures.length; ++i)
                            $root.tidbjs.binlog.v1.WriteFailure.encode(message.failures[i], writer.uint32(18).fork(), q + 1).ldelim();
                    return writer;
                };

                WriteBinlogsResponse.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.WriteBinlogsResponse();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                message.settledSequence = reader.uint64();
                                break;
                            }
                        case 2: {
                                if (!(message.failures && message.failures.length))
                                    message.failures = [];
                                message.failures.push($root.tidbjs.binlog.v1.WriteFailure.decode(reader, reader.uint32(), undefined, long + 1));
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return WriteBinlogsResponse;
            })();

            v1.WriteFailure = (function() {

                function WriteFailure(properties) {
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                WriteFailure.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
                WriteFailure.prototype.code = 0;
                WriteFailure.prototype.message = "";

                WriteFailure.create = function create(properties) {
                    return new WriteFailure(properties);
                };

                WriteFailure.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.sequence != null && Object.hasOwnProperty.call(message, "sequence"))
                        writer.uint32(8).uint64(message.sequence);
                    if (message.code != null && Object.hasOwnProperty.call(message, "code"))
                        writer.uint32(16).uint32(message.code);
                    if (message.message != null && Object.hasOwnProperty.call(message, "message"))
                        writer.uint32(26).string(message.message);
                    return writer;
                };

                WriteFailure.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.WriteFailure();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                message.sequence = reader.uint64();
                                break;
                            }
                        case 2: {
                                message.code = reader.uint32();
                                break;
                            }
                        case 3: {
                                message.message = reader.string();
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return WriteFailure;
            })();

            v1.PullBatchesRequest = (function() {

                function PullBatchesRequest(properties) {
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                PullBatchesRequest.prototype.clusterId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
                PullBatchesRequest.prototype.afterCommitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
                PullBatchesRequest.prototype.maxBatchBytes = 0;

                PullBatchesRequest.create = function create(properties) {
                    return new PullBatchesRequest(properties);
                };

                PullBatchesRequest.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.clusterId != null && Object.hasOwnProperty.call(message, "clusterId"))
                        writer.uint32(8).uint64(message.clusterId);
                    if (message.afterCommitTs != null && Object.hasOwnProperty.call(message, "afterCommitTs"))
                        writer.uint32(16).int64(message.afterCommitTs);
                    if (message.maxBatchBytes != null && Object.hasOwnProperty.call(message, "maxBatchBytes"))
                        writer.uint32(24).uint32(message.maxBatchBytes);
                    return writer;
                };

                PullBatchesRequest.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.PullBatchesRequest();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                message.clusterId = reader.uint64();
                                break;
                            }
                        case 2: {
                                message.afterCommitTs = reader.int64();
                                break;
                            }
                        case 3: {
                                message.maxBatchBytes = reader.uint32();
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return PullBatchesRequest;
            })();

            v1.PullBatchesResponse = (function() {

                function PullBatchesResponse(properties) {
                    this.binlogs = [];
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                PullBatchesResponse.prototype.binlogs = $util.emptyArray;
                PullBatchesResponse.prototype.watermark = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

                PullBatchesResponse.create = function create(properties) {
                    return new PullBatchesResponse(properties);
                };

                PullBatchesResponse.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.binlogs != null && message.binlogs.length)
                        for (let i = 0; i < message.binlogs.length; ++i)
                            $root.tidbjs.binlog.v1.PulledBinlog.encode(message.binlogs[i], writer.uint32(10).fork(), q + 1).ldelim();
                    if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark"))
                        writer.uint32(16).int64(message.watermark);
                    return writer;
                };

                PullBatchesResponse.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.PullBatchesResponse();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                if (!(message.binlogs && message.binlogs.length))
                                    message.binlogs = [];
                                message.binlogs.push($root.tidbjs.binlog.v1.PulledBinlog.decode(reader, reader.uint32(), undefined, long + 1));
                                break;
                            }
                        case 2: {
                                message.watermark = reader.int64();
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return PullBatchesResponse;
            })();

            v1.PulledBinlog = (function() {

                function PulledBinlog(properties) {
                    if (properties)
                        for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                }

                PulledBinlog.prototype.startTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
                PulledBinlog.prototype.commitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
                PulledBinlog.prototype.payload = $util.newBuffer([]);

                PulledBinlog.create = function create(properties) {
                    return new PulledBinlog(properties);
                };

                PulledBinlog.encode = function encode(message, writer, q) {
                    if (!writer)
                        writer = $Writer.create();
                    if (q === undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw Error("max depth exceeded");
                    if (message.startTs != null && Object.hasOwnProperty.call(message, "startTs"))
                        writer.uint32(8).int64(message.startTs);
                    if (message.commitTs != null && Object.hasOwnProperty.call(message, "commitTs"))
                        writer.uint32(16).int64(message.commitTs);
                    if (message.payload != null && Object.hasOwnProperty.call(message, "payload"))
                        writer.uint32(26).bytes(message.payload);
                    return writer;
                };

                PulledBinlog.decode = function decode(reader, length, error, long) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (long === undefined)
                        long = 0;
                    if (long > $Reader.recursionLimit)
                        throw Error("maximum nesting depth exceeded");
                    let end, message;
                    if (length === undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = new $root.tidbjs.binlog.v1.PulledBinlog();
                    while (reader.pos < end) {
                        let tag = reader.uint32();
                        if (tag === error)
                            break;
                        switch (tag >>> 3) {
                        case 1: {
                                message.startTs = reader.int64();
                                break;
                            }
                        case 2: {
                                message.commitTs = reader.int64();
                                break;
                            }
                        case 3: {
                                message.payload = reader.bytes();
                                break;
                            }
                        default:
                            reader.skipType(tag & 7, long);
                            break;
                        }
                    }
                    if (length !== undefined) {
                        if (reader.pos !== end)
                            throw RangeError("index out of range");
                        reader.len = length;
                    }
                    return message;
                };

                return PulledBinlog;
            })();

            return v1;
        })();

        return binlog;
    })();

    return tidbjs;
})();

export const secondary_binlog = $root.secondary_binlog = (() => {

    const secondary_binlog = {};

    secondary_binlog.BinlogType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "DML"] = 0;
        values[valuesById[1] = "DDL"] = 1;
        return values;
    })();

    secondary_binlog.MutationType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "Insert"] = 0;
        values[valuesById[1] = "Update"] = 1;
        values[valuesById[2] = "Delete"] = 2;
        return values;
    })();

    secondary_binlog.Column = (function() {

        function Column(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Column.prototype.isNull = false;
        Column.prototype.int64Value = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Column.prototype.uint64Value = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Column.prototype.doubleValue = 0;
        Column.prototype.bytesValue = $util.newBuffer([]);
        Column.prototype.stringValue = "";

        Column.create = function create(properties) {
            return new Column(properties);
        };

        Column.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.isNull != null && Object.hasOwnProperty.call(message, "isNull"))
                writer.uint32(8).bool(message.isNull);
            if (message.int64Value != null && Object.hasOwnProperty.call(message, "int64Value"))
                writer.uint32(16).int64(message.int64Value);
            if (message.uint64Value != null && Object.hasOwnProperty.call(message, "uint64Value"))
                writer.uint32(24).uint64(message.uint64Value);
            if (message.doubleValue != null && Object.hasOwnProperty.call(message, "doubleValue"))
                writer.uint32(33).double(message.doubleValue);
            if (message.bytesValue != null && Object.hasOwnProperty.call(message, "bytesValue"))
                writer.uint32(42).bytes(message.bytesValue);
            if (message.stringValue != null && Object.hasOwnProperty.call(message, "stringValue"))
                writer.uint32(50).string(message.stringValue);
            return writer;
        };

        Column.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.Column();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.isNull = reader.bool();
                        break;
                    }
                case 2: {
                        message.int64Value = reader.int64();
                        break;
                    }
                case 3: {
                        message.uint64Value = reader.uint64();
                        break;
                    }
                case 4: {
                        message.doubleValue = reader.double();
                        break;
                    }
                case 5: {
                        message.bytesValue = reader.bytes();
                        break;
                    }
                case 6: {
                        message.stringValue = reader.string();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Column;
    })();

    secondary_binlog.ColumnInfo = (function() {

        function ColumnInfo(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        ColumnInfo.prototype.name = "";
        ColumnInfo.prototype.mysqlType = "";
        ColumnInfo.prototype.isPrimaryKey = false;
        ColumnInfo.prototype.flen = 0;
        ColumnInfo.prototype.decimal = 0;

        ColumnInfo.create = function create(properties) {
            return new ColumnInfo(properties);
        };

        ColumnInfo.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                writer.uint32(10).string(message.name);
            if (message.mysqlType != null && Object.hasOwnProperty.call(message, "mysqlType"))
                writer.uint32(18).string(message.mysqlType);
            if (message.isPrimaryKey != null && Object.hasOwnProperty.call(message, "isPrimaryKey"))
                writer.uint32(24).bool(message.isPrimaryKey);
            if (message.flen != null && Object.hasOwnProperty.call(message, "flen"))
                writer.uint32(32).int32(message.flen);
            if (message.decimal != null && Object.hasOwnProperty.call(message, "decimal"))
                writer.uint32(40).int32(message.decimal);
            return writer;
        };

        ColumnInfo.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.ColumnInfo();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.name = reader.string();
                        break;
                    }
                case 2: {
                        message.mysqlType = reader.string();
                        break;
                    }
                case 3: {
                        message.isPrimaryKey = reader.bool();
                        break;
                    }
                case 4: {
                        message.flen = reader.int32();
                        break;
                    }
                case 5: {
                        message.decimal = reader.int32();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return ColumnInfo;
    })();

    secondary_binlog.Row = (function() {

        function Row(properties) {
            this.columns = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Row.prototype.columns = $util.emptyArray;

        Row.create = function create(properties) {
            return new Row(properties);
        };

        Row.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.columns != null && message.columns.length)
                for (let i = 0; i < message.columns.length; ++i)
                    $root.secondary_binlog.Column.encode(message.columns[i], writer.uint32(10).fork(), q + 1).ldelim();
            return writer;
        };

        Row.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.Row();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        if (!(message.columns && message.columns.length))
                            message.columns = [];
                        message.columns.push($root.secondary_binlog.Column.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Row;
    })();

    secondary_binlog.Table = (function() {

        function Table(properties) {
            this.columnInfo = [];
            this.mutations = [];
            this.uniqueKeys = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Table.prototype.schemaName = "";
        Table.prototype.tableName = "";
        Table.prototype.columnInfo = $util.emptyArray;
        Table.prototype.mutations = $util.emptyArray;
        Table.prototype.uniqueKeys = $util.emptyArray;

        Table.create = function create(properties) {
            return new Table(properties);
        };

        Table.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.schemaName != null && Object.hasOwnProperty.call(message, "schemaName"))
                writer.uint32(10).string(message.schemaName);
            if (message.tableName != null && Object.hasOwnProperty.call(message, "tableName"))
                writer.uint32(18).string(message.tableName);
            if (message.columnInfo != null && message.columnInfo.length)
                for (let i = 0; i < message.columnInfo.length; ++i)
                    $root.secondary_binlog.ColumnInfo.encode(message.columnInfo[i], writer.uint32(26).fork(), q + 1).ldelim();
            if (message.mutations != null && message.mutations.length)
                for (let i = 0; i < message.mutations.length; ++i)
                    $root.secondary_binlog.TableMutation.encode(message.mutations[i], writer.uint32(34).fork(), q + 1).ldelim();
            if (message.uniqueKeys != null && message.uniqueKeys.length)
                for (let i = 0; i < message.uniqueKeys.length; ++i)
                    $root.secondary_binlog.Key.encode(message.uniqueKeys[i], writer.uint32(42).fork(), q + 1).ldelim();
            return writer;
        };

        Table.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.Table();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.schemaName = reader.string();
                        break;
                    }
                case 2: {
                        message.tableName = reader.string();
                        break;
                    }
                case 3: {
                        if (!(message.columnInfo && message.columnInfo.length))
                            message.columnInfo = [];
                        message.columnInfo.push($root.secondary_binlog.ColumnInfo.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                case 4: {
                        if (!(message.mutations && message.mutations.length))
                            message.mutations = [];
                        message.mutations.push($root.secondary_binlog.TableMutation.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                case 5: {
                        if (!(message.uniqueKeys && message.uniqueKeys.length))
                            message.uniqueKeys = [];
                        message.uniqueKeys.push($root.secondary_binlog.Key.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Table;
    })();

    secondary_binlog.Key = (function() {

        function Key(properties) {
            this.columnNames = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Key.prototype.name = "";
        Key.prototype.columnNames = $util.emptyArray;

        Key.create = function create(properties) {
            return new Key(properties);
        };

        Key.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                writer.uint32(10).string(message.name);
            if (message.columnNames != null && message.columnNames.length)
                for (let i = 0; i < message.columnNames.length; ++i)
                    writer.uint32(18).string(message.columnNames[i]);
            return writer;
        };

        Key.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.Key();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.name = reader.string();
                        break;
                    }
                case 2: {
                        if (!(message.columnNames && message.columnNames.length))
                            message.columnNames = [];
                        message.columnNames.push(reader.string());
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Key;
    })();

    secondary_binlog.TableMutation = (function() {

        function TableMutation(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        TableMutation.prototype.type = 0;
        TableMutation.prototype.row = null;
        TableMutation.prototype.changeRow = null;

        TableMutation.create = function create(properties) {
            return new TableMutation(properties);
        };

        TableMutation.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            writer.uint32(8).int32(message.type);
            $root.secondary_binlog.Row.encode(message.row, writer.uint32(18).fork(), q + 1).ldelim();
            if (message.changeRow != null && Object.hasOwnProperty.call(message, "changeRow"))
                $root.secondary_binlog.Row.encode(message.changeRow, writer.uint32(26).fork(), q + 1).ldelim();
            return writer;
        };

        TableMutation.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.TableMutation();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.type = reader.int32();
                        break;
                    }
                case 2: {
                        message.row = $root.secondary_binlog.Row.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                case 3: {
                        message.changeRow = $root.secondary_binlog.Row.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            if (!Object.hasOwnProperty.call(message, "type"))
                throw $util.ProtocolError("missing required 'type'", { instance: message });
            if (!Object.hasOwnProperty.call(message, "row"))
                throw $util.ProtocolError("missing required 'row'", { instance: message });
            return message;
        };

        return TableMutation;
    })();

    secondary_binlog.DMLData = (function() {

        function DMLData(properties) {
            this.tables = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DMLData.prototype.tables = $util.emptyArray;

        DMLData.create = function create(properties) {
            return new DMLData(properties);
        };

        DMLData.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.tables != null && message.tables.length)
                for (let i = 0; i < message.tables.length; ++i)
                    $root.secondary_binlog.Table.encode(message.tables[i], writer.uint32(10).fork(), q + 1).ldelim();
            return writer;
        };

        DMLData.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.DMLData();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        if (!(message.tables && message.tables.length))
                            message.tables = [];
                        message.tables.push($root.secondary_binlog.Table.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DMLData;
    })();

    secondary_binlog.DDLData = (function() {

        function DDLData(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DDLData.prototype.schemaName = "";
        DDLData.prototype.tableName = "";
        DDLData.prototype.ddlQuery = $util.newBuffer([]);

        DDLData.create = function create(properties) {
            return new DDLData(properties);
        };

        DDLData.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.schemaName != null && Object.hasOwnProperty.call(message, "schemaName"))
                writer.uint32(10).string(message.schemaName);
            if (message.tableName != null && Object.hasOwnProperty.call(message, "tableName"))
                writer.uint32(18).string(message.tableName);
            if (message.ddlQuery != null && Object.hasOwnProperty.call(message, "ddlQuery"))
                writer.uint32(26).bytes(message.ddlQuery);
            return writer;
        };

        DDLData.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.DDLData();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.schemaName = reader.string();
                        break;
                    }
                case 2: {
                        message.tableName = reader.string();
                        break;
                    }
                case 3: {
                        message.ddlQuery = reader.bytes();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DDLData;
    })();

    secondary_binlog.Binlog = (function() {

        function Binlog(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Binlog.prototype.type = 0;
        Binlog.prototype.commitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Binlog.prototype.dmlData = null;
        Binlog.prototype.ddlData = null;
        Binlog.prototype.timeZone = "";

        Binlog.create = function create(properties) {
            return new Binlog(properties);
        };

        Binlog.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.type != null && Object.hasOwnProperty.call(message, "type"))
                writer.uint32(8).int32(message.type);
            if (message.commitTs != null && Object.hasOwnProperty.call(message, "commitTs"))
                writer.uint32(16).int64(message.commitTs);
            if (message.dmlData != null && Object.hasOwnProperty.call(message, "dmlData"))
                $root.secondary_binlog.DMLData.encode(message.dmlData, writer.uint32(26).fork(), q + 1).ldelim();
            if (message.ddlData != null && Object.hasOwnProperty.call(message, "ddlData"))
                $root.secondary_binlog.DDLData.encode(message.ddlData, writer.uint32(34).fork(), q + 1).ldelim();
            if (message.timeZone != null && Object.hasOwnProperty.call(message, "timeZone"))
                writer.uint32(42).string(message.timeZone);
            return writer;
        };

        Binlog.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.secondary_binlog.Binlog();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.type = reader.int32();
                        break;
                    }
                case 2: {
                        message.commitTs = reader.int64();
                        break;
                    }
                case 3: {
                        message.dmlData = $root.secondary_binlog.DMLData.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                case 4: {
                        message.ddlData = $root.secondary_binlog.DDLData.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                case 5: {
                        message.timeZone = reader.string();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Binlog;
    })();

    return secondary_binlog;
})();

export const pb_binlog = $root.pb_binlog = (() => {

    const pb_binlog = {};

    pb_binlog.BinlogType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "DML"] = 0;
        values[valuesById[1] = "DDL"] = 1;
        return values;
    })();

    pb_binlog.EventType = (function() {
        const valuesById = {}, values = Object.create(valuesById);
        values[valuesById[0] = "Insert"] = 0;
        values[valuesById[1] = "Update"] = 1;
        values[valuesById[2] = "Delete"] = 2;
        return values;
    })();

    pb_binlog.Column = (function() {

        function Column(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Column.prototype.name = "";
        Column.prototype.tp = $util.newBuffer([]);
        Column.prototype.mysqlType = "";
        Column.prototype.value = $util.newBuffer([]);
        Column.prototype.changedValue = $util.newBuffer([]);

        Column.create = function create(properties) {
            return new Column(properties);
        };

        Column.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                writer.uint32(10).string(message.name);
            if (message.tp != null && Object.hasOwnProperty.call(message, "tp"))
                writer.uint32(18).bytes(message.tp);
            if (message.mysqlType != null && Object.hasOwnProperty.call(message, "mysqlType"))
                writer.uint32(26).string(message.mysqlType);
            if (message.value != null && Object.hasOwnProperty.call(message, "value"))
                writer.uint32(34).bytes(message.value);
            if (message.changedValue != null && Object.hasOwnProperty.call(message, "changedValue"))
                writer.uint32(42).bytes(message.changedValue);
            return writer;
        };

        Column.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.pb_binlog.Column();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.name = reader.string();
                        break;
                    }
                case 2: {
                        message.tp = reader.bytes();
                        break;
                    }
                case 3: {
                        message.mysqlType = reader.string();
                        break;
                    }
                case 4: {
                        message.value = reader.bytes();
                        break;
                    }
                case 5: {
                        message.changedValue = reader.bytes();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Column;
    })();

    pb_binlog.Event = (function() {

        function Event(properties) {
            this.row = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Event.prototype.schemaName = "";
        Event.prototype.tableName = "";
        Event.prototype.tp = 0;
        Event.prototype.row = $util.emptyArray;

        Event.create = function create(properties) {
            return new Event(properties);
        };

        Event.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.schemaName != null && Object.hasOwnProperty.call(message, "schemaName"))
                writer.uint32(10).string(message.schemaName);
            if (message.tableName != null && Object.hasOwnProperty.call(message, "tableName"))
                writer.uint32(18).string(message.tableName);
            writer.uint32(24).int32(message.tp);
            if (message.row != null && message.row.length)
                for (let i = 0; i < message.row.length; ++i)
                    writer.uint32(34).bytes(message.row[i]);
            return writer;
        };

        Event.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.pb_binlog.Event();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.schemaName = reader.string();
                        break;
                    }
                case 2: {
                        message.tableName = reader.string();
                        break;
                    }
                case 3: {
                        message.tp = reader.int32();
                        break;
                    }
                case 4: {
                        if (!(message.row && message.row.length))
                            message.row = [];
                        message.row.push(reader.bytes());
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            if (!Object.hasOwnProperty.call(message, "tp"))
                throw $util.ProtocolError("missing required 'tp'", { instance: message });
            return message;
        };

        return Event;
    })();

    pb_binlog.DMLData = (function() {

        function DMLData(properties) {
            this.events = [];
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        DMLData.prototype.events = $util.emptyArray;

        DMLData.create = function create(properties) {
            return new DMLData(properties);
        };

        DMLData.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.events != null && message.events.length)
                for (let i = 0; i < message.events.length; ++i)
                    $root.pb_binlog.Event.encode(message.events[i], writer.uint32(10).fork(), q + 1).ldelim();
            return writer;
        };

        DMLData.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.pb_binlog.DMLData();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        if (!(message.events && message.events.length))
                            message.events = [];
                        message.events.push($root.pb_binlog.Event.decode(reader, reader.uint32(), undefined, long + 1));
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return DMLData;
    })();

    pb_binlog.Binlog = (function() {

        function Binlog(properties) {
            if (properties)
                for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        }

        Binlog.prototype.tp = 0;
        Binlog.prototype.commitTs = $util.Long ? $util.Long.fromBits(0,0,false) : 0;
        Binlog.prototype.dmlData = null;
        Binlog.prototype.ddlQuery = $util.newBuffer([]);

        Binlog.create = function create(properties) {
            return new Binlog(properties);
        };

        Binlog.encode = function encode(message, writer, q) {
            if (!writer)
                writer = $Writer.create();
            if (q === undefined)
                q = 0;
            if (q > $util.recursionLimit)
                throw Error("max depth exceeded");
            if (message.tp != null && Object.hasOwnProperty.call(message, "tp"))
                writer.uint32(8).int32(message.tp);
            if (message.commitTs != null && Object.hasOwnProperty.call(message, "commitTs"))
                writer.uint32(16).int64(message.commitTs);
            if (message.dmlData != null && Object.hasOwnProperty.call(message, "dmlData"))
                $root.pb_binlog.DMLData.encode(message.dmlData, writer.uint32(26).fork(), q + 1).ldelim();
            if (message.ddlQuery != null && Object.hasOwnProperty.call(message, "ddlQuery"))
                writer.uint32(34).bytes(message.ddlQuery);
            return writer;
        };

        Binlog.decode = function decode(reader, length, error, long) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (long === undefined)
                long = 0;
            if (long > $Reader.recursionLimit)
                throw Error("maximum nesting depth exceeded");
            let end, message;
            if (length === undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = new $root.pb_binlog.Binlog();
            while (reader.pos < end) {
                let tag = reader.uint32();
                if (tag === error)
                    break;
                switch (tag >>> 3) {
                case 1: {
                        message.tp = reader.int32();
                        break;
                    }
                case 2: {
                        message.commitTs = reader.int64();
                        break;
                    }
                case 3: {
                        message.dmlData = $root.pb_binlog.DMLData.decode(reader, reader.uint32(), undefined, long + 1);
                        break;
                    }
                case 4: {
                        message.ddlQuery = reader.bytes();
                        break;
                    }
                default:
                    reader.skipType(tag & 7, long);
                    break;
                }
            }
            if (length !== undefined) {
                if (reader.pos !== end)
                    throw RangeError("index out of range");
                reader.len = length;
            }
            return message;
        };

        return Binlog;
    })();

    return pb_binlog;
})();

