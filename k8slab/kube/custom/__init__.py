"""Kinds that users add: what a CustomResourceDefinition means for the objects of its kind. Pure."""
