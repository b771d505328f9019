"""From columns to what a model gets: templates in a sandbox, pictures and sounds as arrays."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from landbridge_evaluation.child.items import decode
from landbridge_evaluation.datasets import SealedDataset
from landbridge_evaluation.errors import TaskFault
from landbridge_evaluation.rendering import compile_field


def data(**features: str) -> SealedDataset:
    return SealedDataset(
        path=Path(),
        ref="file:x",
        config="default",
        digest="",
        labels_digest="",
        counts={},
        license="MIT",
        commercial=True,
        features={name: {"_type": kind} for name, kind in features.items()},
    )


def test_a_column_keeps_its_type_and_a_list_never_becomes_text() -> None:
    row = {"choices": ["a", "b"], "n": 3}
    assert compile_field({"column": "choices"}, data(), "choices")(row) == ["a", "b"]
    assert compile_field([{"column": "n"}, {"literal": "x"}, "{{ n }}!"], data(), "input")(row) == [3, "x", "3!"]


def test_templates_keep_their_last_newline_and_know_one_more_filter() -> None:
    assert compile_field("{{ t }}\n", data(), "input")({"t": "a"}) == "a\n"
    assert compile_field("{{ t | regex_replace('[0-9]+', '#') }}", data(), "input")({"t": "a12b"}) == "a#b"


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing }}",
        "{% for",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include 'other' %}",
        "{{ rows.append(1) }}",
        "{% for a in range(99999) %}{% for b in range(999) %}x{% endfor %}{% endfor %}",
    ],
)
def test_a_template_that_reaches_out_or_does_not_end_is_the_tasks_fault(text: str) -> None:
    with pytest.raises(TaskFault, match="prompt/input"):
        compile_field(text, data(), "input")({"rows": [1]})


def test_a_picture_arrives_as_bytes_of_height_width_and_channels() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    row = {"image": base64.b64encode(buffer.getvalue()).decode(), "nested": pixels.tolist()}
    for name, kind in (("image", "Image"), ("nested", "Array2D")):
        got = decode(compile_field({"column": name}, data(**{name: kind}), "input")(row))
        assert got.shape == (4, 6, 1) and got.dtype == np.uint8 and (got[:, :, 0] == pixels).all()
    colored = io.BytesIO()
    Image.new("RGBA", (5, 2), (9, 8, 7, 255)).save(colored, "PNG")
    field = compile_field({"column": "image"}, data(image="Image"), "input")
    got = decode(field({"image": base64.b64encode(colored.getvalue()).decode()}))
    assert got.shape == (2, 5, 3) and got[0, 0].tolist() == [9, 8, 7]


def test_a_sound_arrives_mono_at_16_khz() -> None:
    time = np.arange(8000) / 8000
    wave = np.stack([np.sin(2 * np.pi * 440 * time)] * 2, axis=1) * 0.5
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 8000, format="WAV")
    field = compile_field({"column": "audio"}, data(audio="Audio"), "audio")
    got = decode(field({"audio": base64.b64encode(buffer.getvalue()).decode()}))
    assert got.shape == (16000,) and got.dtype == np.float32
    assert np.abs(np.fft.rfft(got)).argmax() == 440 and abs(float(np.abs(got).max()) - 0.5) < 0.02
