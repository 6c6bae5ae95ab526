"""The rules of kinds that users define, and of the definitions themselves."""
