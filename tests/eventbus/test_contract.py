"""The checked-in Python of the contract is what the compiler makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from eventbus import methods
from eventbus.methods import Method
from eventbus.pubsub_api_pb2 import DESCRIPTOR

PROJECT = Path(__file__).parents[2]


def test_the_generated_modules_are_those_of_the_contract(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", ".", "--python_out", str(tmp_path)]
    subprocess.run(
        [*command, "--pyi_out", str(tmp_path), "eventbus/pubsub_api.proto"], cwd=PROJECT, check=True
    )
    made = {file.name: file.read_text() for file in (tmp_path / "eventbus").iterdir()}
    assert made.keys() == {"pubsub_api_pb2.py", "pubsub_api_pb2.pyi"}
    for name, text in made.items():
        assert (PROJECT / "eventbus" / name).read_text() == text, f"make eventbus writes {name} anew"


@pytest.mark.parametrize("method", [each for each in vars(methods).values() if isinstance(each, Method)])
def test_methods_take_and_give_what_the_contract_says(method: Method) -> None:  # type: ignore[type-arg]
    service = DESCRIPTOR.services_by_name["PubSub"]
    described = service.methods_by_name[method.name]
    assert service.full_name == methods.SERVICE
    assert method.path == f"/{service.full_name}/{described.name}"
    assert described.input_type == method.request.DESCRIPTOR
    assert described.output_type == method.response.DESCRIPTOR
