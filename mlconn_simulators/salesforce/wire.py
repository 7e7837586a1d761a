"""The Pub/Sub API's messages, as the org speaks them: a copy of the contract of its own, in a pool of its own.

A client in the same process may bring its copy too; neither sees the other's.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "eventbus.v1"
LATEST, EARLIEST, CUSTOM = 0, 1, 2
"""Values of ReplayPreset."""

_MESSAGES = """
TopicInfo: topic_name string, tenant_guid string, can_publish bool, can_subscribe bool, schema_id string, rpc_id string
TopicRequest: topic_name string
EventHeader: key string, value bytes
ProducerEvent: id string, schema_id string, payload bytes, headers EventHeader*
ConsumerEvent: event ProducerEvent, replay_id bytes
PublishResult: replay_id bytes, error Error, correlation_key string
Error: code ErrorCode, msg string
FetchRequest: topic_name string, replay_preset ReplayPreset, replay_id bytes, num_requested int32, auth_refresh string
FetchResponse: events ConsumerEvent*, latest_replay_id bytes, rpc_id string, pending_num_requested int32
SchemaRequest: schema_id string
SchemaInfo: schema_json string, schema_id string, rpc_id string
PublishRequest: topic_name string, events ProducerEvent*, auth_refresh string
PublishResponse: results PublishResult*, schema_id string, rpc_id string
"""
"""Fields are numbered from 1 in this order; a star is `repeated`."""
_ENUMS = {"ErrorCode": ("UNKNOWN", "PUBLISH", "COMMIT"), "ReplayPreset": ("LATEST", "EARLIEST", "CUSTOM")}
_TYPES = {"string": 9, "bytes": 12, "bool": 8, "int32": 5, "int64": 3}


def _file() -> descriptor_pb2.FileDescriptorProto:
    made = descriptor_pb2.FileDescriptorProto(name="pubsub_api.proto", package=PACKAGE, syntax="proto3")
    for name, values in _ENUMS.items():
        enum = made.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for line in _MESSAGES.strip().splitlines():
        name, _, fields = line.partition(": ")
        message = made.message_type.add(name=name)
        for number, declared in enumerate(fields.split(", "), start=1):
            field, kind = declared.split()
            added = message.field.add(name=field, number=number, label=3 if kind.endswith("*") else 1)
            kind = kind.rstrip("*")
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type, added.type_name = (14 if kind in _ENUMS else 11), f".{PACKAGE}.{kind}"
    return made


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file())


def message(name: str) -> Any:
    """The class of a message."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
