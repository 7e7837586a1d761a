"""How to reach one Cleo tenant or Harmony server."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, HttpUrl

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.proxy import Proxied


class CleoEndpoints(Model):
    """Paths below `url`, for tenants whose server differs from the usual forms; links in answers go first."""

    authentication: str = Field("/authentication", description="where the token is asked for")
    folders: str = Field("/folders", description="the list of folders")
    folder: str = Field("/folders/{id}", description="one folder")
    children: str = Field("/folders/{id}/children", description="files and folders in a folder")
    upload: str = Field("/folders/{id}/files", description="where a file's bytes are posted")
    file: str = Field("/files/{id}", description="one file: its properties, rename, delete")
    content: str = Field("/files/{id}/content", description="a file's bytes")


class CleoConnection(Proxied):
    """One Cleo tenant. Passwords stay in the vault; this holds only the name of the entry."""

    kind: ClassVar[str] = "cleo"
    absence_proves_after_s: ClassVar[float | None] = None
    """Never: Cleo passes files on within seconds, so that a file which is not listed may have arrived all the same."""

    url: HttpUrl = Field(
        description="https://TENANT.cleointegration.com/api, or https://HOST:6080/api for Harmony and VLTrader"
    )
    credential: str = Field(description="name of the vault entry with username and password")
    totp_header: str = Field(
        "X-Cleo-TOTP", description="header of the one-time code, used when the credential has a totp secret"
    )
    ca_file: Path | None = Field(None, description="PEM file of the certificate authority of a self-signed server")
    timeout_s: float = Field(30.0, gt=0, le=300, description="for one request, retries not counted")
    requests_per_second: float | None = Field(5.0, gt=0, description="per API path; null for a server without a limit")
    uploads_at_once: int = Field(6, ge=1, le=32, description="uploads in flight")
    page_size: int = Field(100, ge=1, le=1000, description="files asked for per page of a folder")
    after_receipt: Literal["delete", "move", "leave"] = Field(
        "delete", description="what becomes of a received file once it is stored durably; leave warns above 1,000 files"
    )
    processed_folder: str = Field("processed", description="where after_receipt: move puts a file")
    endpoints: CleoEndpoints = CleoEndpoints()

    @property
    def session_of(self) -> str:
        """What a session of this connection is good for."""
        return str(self.url)
