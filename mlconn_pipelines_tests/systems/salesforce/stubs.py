"""The modules that the contract of the Pub/Sub API compiles to. Run as a program (`-m`), this writes them anew."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from grpc_tools import protoc

import mlconn_pipelines

SOURCE = Path(mlconn_pipelines.__file__).parents[1]
FOLDER = Path("mlconn_pipelines/systems/salesforce/pubsub")
MADE = ("pubsub_api_pb2.py", "pubsub_api_pb2.pyi", "pubsub_api_pb2_grpc.py")


def write_stubs(into: Path) -> None:
    """Below `into`, in the contract's own folder."""
    usual = importlib.resources.files("grpc_tools") / "_proto"
    outputs = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    status = protoc.main(["protoc", f"-I{SOURCE}", f"-I{usual}", *outputs, str(SOURCE / FOLDER / "pubsub_api.proto")])
    if status:
        raise RuntimeError(f"protoc ended with {status}")


if __name__ == "__main__":
    write_stubs(SOURCE)
