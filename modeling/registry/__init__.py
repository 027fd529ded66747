"""The only door to MLflow, and the only reader of model files: a hash is checked before a byte is parsed.

Which version decides is a row in Postgres; MLflow keeps copies, runs and aliases for people to look at, and may be
away without anybody noticing.
"""

from modeling.registry.versions import (
    ModelFileChanged,
    NoChampion,
    challenger,
    champion,
    check_unchanged,
    is_unchanged,
    load,
    model_sha256,
    register,
)

__all__ = [
    "ModelFileChanged",
    "NoChampion",
    "challenger",
    "champion",
    "check_unchanged",
    "model_sha256",
    "is_unchanged",
    "load",
    "register",
]
