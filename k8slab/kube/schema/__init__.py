"""The types of the emulated API as data: fields, protobuf numbers, list types, merge keys, enums."""

from k8slab.kube.schema.tables import Field, Schema

__all__ = ["Field", "Schema"]
