"""The doctor recognises what is amiss and says how to fix it."""

import json
import subprocess

import pytest

from lab import doctor
from lab.doctor import examine, import_pytorch, pytorch_findings


def broken_torchvision(folder, line: str) -> None:
    """A torchvision that fails on import, found before the real one."""
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(line + "\n")


def test_a_pair_that_does_not_match_is_recognised_and_can_be_mended(tmp_path, monkeypatch):
    broken_torchvision(tmp_path, "raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pytorch, device = pytorch_findings(import_pytorch())
    assert "torchvision was built for another torch" in pytorch.found
    assert "pip install --upgrade --force-reinstall torch torchvision" in pytorch.fix
    assert device is None


@pytest.mark.slow
def test_another_failure_is_said_in_its_own_words(tmp_path, monkeypatch):
    broken_torchvision(tmp_path, "raise OSError('libcudart.so.13: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pytorch, _ = pytorch_findings(import_pytorch())
    assert "libcudart.so.13" in pytorch.found
    assert pytorch.fix


def test_a_gpu_is_named_with_its_memory():
    probe = {"gpus": ["NVIDIA T4"], "memory": [16 * 2**30], "threads": 4, "built_for": "12.8", "mps": False}
    _, device = pytorch_findings(subprocess.CompletedProcess([], 0, json.dumps(probe), ""))
    assert device.found == "NVIDIA T4 (16 GiB)"
    assert device.well


def test_a_gpu_that_torch_cannot_use_has_to_be_mended(tmp_path, monkeypatch):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    probe = {"gpus": [], "memory": [], "threads": 4, "built_for": None, "mps": False}
    _, device = pytorch_findings(subprocess.CompletedProcess([], 0, json.dumps(probe), ""))
    assert "built without CUDA" in device.fix


def package(folder, name: str, size: int) -> None:
    """An installed package of one file with that many bytes, as its record says."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{name}/library.so,,{size}\n{info.name}/RECORD,,\n")


def test_the_size_of_the_cuda_packages_is_read_from_their_records(tmp_path, monkeypatch):
    for name, size in {"nvidia-cublas": 2**30, "triton": 2**29, "cuda-bindings": 2**29, "tritonclient": 2**40}.items():
        package(tmp_path, name, size)
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert doctor.cuda_size() == 2**31


@pytest.mark.parametrize(("gpus", "size", "told"), [([], 2**31, True), ([], 0, False), (["NVIDIA T4"], 2**31, False)])
def test_cuda_packages_are_mentioned_where_nothing_uses_them(tmp_path, monkeypatch, gpus, size, told):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    probe = {"gpus": gpus, "memory": [2**34] * len(gpus), "threads": 4, "built_for": "13.0", "mps": False}
    ran = subprocess.CompletedProcess([], 0, json.dumps(probe), "")
    monkeypatch.setattr(doctor, "import_pytorch", lambda: ran)
    monkeypatch.setattr(doctor, "cuda_size", lambda: size)
    monkeypatch.setattr(doctor, "engine_finding", lambda _: doctor.Finding("engine", "responds"))
    found = {each.about: each for each in examine()}
    assert ("CUDA" in found) == told
    if told:
        assert found["CUDA"].well
        assert "2.0 GiB" in found["CUDA"].found
        assert "--index-url https://download.pytorch.org/whl/cpu" in found["CUDA"].found


def test_a_home_that_cannot_be_written_has_to_be_mended(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    found = {each.about: each for each in quick_findings()}
    assert "LAB_HOME" in found["LAB_HOME"].fix


def test_a_writable_home_and_the_embedded_digits_are_well(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    found = {each.about: each for each in quick_findings()}
    assert found["LAB_HOME"].well
    assert "digits" in found["data"].found
    assert found["data"].well


@pytest.mark.slow
def test_the_whole_examination_finds_a_matching_pair_its_device_and_an_engine(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    found = {each.about: each for each in examine()}
    assert found["pytorch"].well
    assert "match" in found["pytorch"].found
    device = found["device"].found
    assert "threads" in device or "GiB" in device or "Apple" in device
    assert found["engine"].well, found["engine"]


def test_a_scheduler_that_does_not_answer_has_to_be_mended():
    finding = doctor.engine_finding("tcp://127.0.0.1:1", patience=0.5)
    assert "tcp://127.0.0.1:1" in finding.found
    assert finding.fix


def quick_findings() -> list[doctor.Finding]:
    """Those that come before PyTorch is imported."""
    findings = []
    for each in examine():
        findings.append(each)
        if each.about == "browser":
            break
    return findings
