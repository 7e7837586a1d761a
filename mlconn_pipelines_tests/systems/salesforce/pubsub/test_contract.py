"""The contract of the Pub/Sub API: what is committed is what the compiler makes of it, and the simulated org's own copy says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlconn_pipelines.systems.salesforce.pubsub import pubsub_api_pb2 as ours
from mlconn_pipelines_tests.systems.salesforce.stubs import FOLDER, MADE, SOURCE, write_stubs
from mlconn_simulators.salesforce import wire


def test_the_stubs_are_what_the_contract_compiles_to(tmp_path: Path) -> None:
    write_stubs(tmp_path)
    for name in MADE:
        assert (tmp_path / FOLDER / name).read_text() == (SOURCE / FOLDER / name).read_text(), name


def test_both_copies_agree_on_names_numbers_and_types() -> None:
    def told(message: Any) -> dict[str, tuple[Any, ...]]:
        return {
            field.name: (field.number, field.type, field.is_repeated, (field.message_type or field.enum_type or field).name)
            for field in message.DESCRIPTOR.fields
        }

    names = [line.partition(":")[0] for line in wire._MESSAGES.strip().splitlines()]
    assert len(names) == 13
    for name in names:
        assert told(getattr(ours, name)) == told(wire.message(name)), name
    for name, values in wire._ENUMS.items():
        assert dict(getattr(ours, name).items()) == {value: number for number, value in enumerate(values)}
