"""Everything that comes from the environment, in one place."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables that Fusionscope reads; each may stand in a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix="FUSIONSCOPE_", env_file=".env", extra="ignore", frozen=True
    )

    home: Path = Field(
        default=Path.home() / ".fusionscope",
        description="Folder of runs, uploads, downloads and jobs.",
    )
    data_dir: Path | None = Field(
        default=None, description="Folder that holds public data sets; read before any download."
    )
    upload_limit_mb: int = Field(default=500, ge=1, description="Largest file that is read, in MB.")
    threads: int = Field(
        default=2, ge=1, description="Threads of one training; part of a run's key."
    )
    tracking_uri: str | None = Field(
        default=None,
        validation_alias=AliasChoices("MLFLOW_TRACKING_URI", "tracking_uri"),
        description="MLflow server of the runs; an SQLite file in the home folder when unset.",
    )
    keras_home: Path = Field(
        default=Path("~/.keras"),
        validation_alias=AliasChoices("KERAS_HOME", "keras_home"),
        description="Folder whose `models` holds weights of networks trained on ImageNet.",
    )
    scheduler_address: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DASK_SCHEDULER_ADDRESS", "scheduler_address"),
        description="Dask cluster for the jobs; two workers on this machine when unset.",
    )


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
