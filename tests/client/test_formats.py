"""Promises of the shared formats: what is accepted is exact, and every refusal has a code."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load as reference_load
from safetensors.numpy import save

from landbridge_client import licenses
from landbridge_client.formats import FormatError, canonical_json, file_digest, parse_card, read_header, tree_digest
from tests.client.model_folders import WEIGHTS, safetensors, tensor

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=4)
    ),
    max_leaves=20,
)


def header_of(content: bytes, size: int | None = None) -> object:
    return read_header(io.BytesIO(content), len(content) if size is None else size)


def code_of(content: bytes) -> str:
    with pytest.raises(FormatError) as refusal:
        header_of(content)
    return refusal.value.code


@given(JSON)
def test_canonical_json_says_the_same_value_whatever_the_order_of_keys(value: object) -> None:
    assert json.loads(canonical_json(value)) == value
    shuffled = json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert canonical_json(shuffled) == canonical_json(value)


def test_canonical_json_has_the_bytes_that_the_rfc_prescribes() -> None:
    value = {"b": [True, None, 12], "a": 'é\u20ac\n"\\/\u000f\x7f'}
    assert canonical_json(value) == '{"a":"é€\\n\\"\\\\/\\u000f\x7f","b":[true,null,12]}'.encode()


@pytest.mark.parametrize("value", [1.5, {"é": 1}, {1: 2}, 2**53, "\ud800", {"a": b"x"}, [float("nan")]])
def test_canonical_json_refuses_what_others_would_write_differently(value: object) -> None:
    with pytest.raises(FormatError) as refusal:
        canonical_json(value)
    assert refusal.value.code == "not_canonical"


def test_a_tree_digest_does_not_depend_on_order_and_changes_with_every_part() -> None:
    rows = [("a.json", "0" * 64, 3), ("b/c.txt", "1" * 64, 0)]
    digest = tree_digest(rows)
    assert digest == tree_digest(reversed(rows))
    changed = [("b.json", "0" * 64, 3), ("a.json", "2" * 64, 3), ("a.json", "0" * 64, 4)]
    assert len({digest, *(tree_digest([row, rows[1]]) for row in changed)}) == 4
    with pytest.raises(FormatError, match="listed twice"):
        tree_digest([rows[0], rows[0]])
    with pytest.raises(FormatError, match="lower-case hex"):
        tree_digest([("a", "ABC", 1)])


def test_a_file_digest_is_sha256_and_size(tmp_path: Path) -> None:
    place = tmp_path / "x"
    place.write_bytes(b"abc")
    assert file_digest(place) == ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(["f2", "f4", "f8", "i1", "i8", "?"]), st.lists(st.integers(0, 3), max_size=3)),
        max_size=5,
    )
)
def test_every_file_that_safetensors_writes_is_read(spec: dict[str, tuple[str, list[int]]]) -> None:
    arrays = {name: np.zeros(shape, dtype) for name, (dtype, shape) in spec.items()}
    content = save(arrays, metadata={"by": "test"})
    header = read_header(io.BytesIO(content), len(content))
    assert {name: item.shape for name, item in header.tensors.items()} == {n: a.shape for n, a in arrays.items()}
    assert sum(header.parameters.values()) == sum(array.size for array in arrays.values())
    assert header.metadata == {"by": "test"}


@given(st.integers(0, len(WEIGHTS) - 1))
def test_weights_cut_anywhere_are_refused_as_truncated(end: int) -> None:
    assert code_of(WEIGHTS[:end]) == "safetensors_truncated"


@given(st.data())
def test_a_changed_byte_gives_a_header_or_a_refusal_and_never_more_than_the_reference_accepts(
    data: st.DataObject,
) -> None:
    place = data.draw(st.integers(0, len(WEIGHTS) - 25))
    content = bytearray(WEIGHTS)
    content[place] = data.draw(st.integers(0, 255))
    try:
        header_of(bytes(content))
    except FormatError as error:
        assert error.code.startswith("safetensors_")  # noqa: PT017 either outcome is right
    else:
        reference_load(bytes(content))


@given(st.binary(max_size=200))
@example(b"\x02\0\0\0\0\0\0\0{}")
@example(b"\x08\0\0\0\0\0\0\0{}      ")
def test_whatever_the_bytes_the_reader_agrees_with_the_reference_or_is_stricter(content: bytes) -> None:
    try:
        header_of(content)
    except FormatError:
        return
    try:
        reference_load(content)
    except SafetensorError as error:
        pytest.fail(f"accepted here, refused there: {error}")


BAD_HEADERS = {
    "not json": b"{nope}",
    "an array": b"[]",
    "a duplicate name": b"{%b,%b}" % ((b'"a":{"dtype":"U8","shape":[24],"data_offsets":[0,24]}',) * 2),
    "nested without end": b'{"a":' + b"[" * 100_000,
    "NaN": b'{"a":NaN}',
    "overlapping spans": {"a": tensor(0, 16), "b": tensor(8, 24)},
    "a hole": {"a": tensor(0, 8), "b": tensor(16, 24)},
    "a start after the first byte": {"a": tensor(8, 24)},
    "an unknown dtype": {"a": tensor(0, 24, dtype="PICKLE")},
    "a shape that does not fill": {"a": tensor(0, 24, shape=(5,))},
    "a negative shape": {"a": tensor(0, 24, shape=(-6,))},
    "a true for a number": {"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}},
    "offsets the wrong way": {"a": {"dtype": "F32", "shape": [0], "data_offsets": [24, 0]}},
    "a field too many": {"a": {**tensor(0, 24), "code": "x"}},
    "metadata that is not text": {"__metadata__": {"a": 1}, "a": tensor(0, 24)},
    "a product that overflows": {"a": {"dtype": "U8", "shape": [2**62, 2**62], "data_offsets": [0, 24]}},
    "a huge number": b'{"a":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_header_is_refused_for(name: str) -> None:
    assert code_of(safetensors(BAD_HEADERS[name], bytes(24))) == "safetensors_header"


def test_bytes_that_no_tensor_owns_are_refused() -> None:
    assert code_of(WEIGHTS + b"PK\x05\x06") == "safetensors_trailing"


def test_a_header_longer_than_the_cap_is_refused_before_it_is_read() -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size == 8, "only the length may be read"
            return (2**40).to_bytes(8, "little")

    with pytest.raises(FormatError) as refusal:
        read_header(Endless(), 2**50)
    assert refusal.value.code == "safetensors_header"


def test_a_card_is_read_as_plain_json_and_no_word_changes_its_meaning() -> None:
    card = parse_card(
        "\ufeff\n---\nlicense: mit\nlanguage: [no, en]\ndate: 2026-01-02\nratio: 1:30\nyes: 'on'\nn: 3\n---\nBody\n"
    )
    assert card.data == {
        "license": "mit",
        "language": ["no", "en"],
        "date": "2026-01-02",
        "ratio": "1:30",
        "yes": "on",
        "n": 3,
    }
    assert (card.licenses, card.languages, card.body) == (("mit",), ("no", "en"), "Body\n")


@pytest.mark.parametrize("text", ["# Only a title\n", "", "text\n---\nlicense: mit\n---\n", "---\nlicense: mit\n"])
def test_a_card_without_closed_front_matter_at_its_head_declares_nothing(text: str) -> None:
    assert parse_card(text).data == {}


BAD_CARDS = {
    "an alias": "a: &x [1]\nb: *x",
    "a billion laughs": "a: &a [l]\nb: &b [*a,*a]\nc: [*b,*b]",
    "a Python object": "a: !!python/object/apply:os.system [ls]",
    "a tag": "a: !!binary aGk=",
    "a key that stands twice": "license: mit\nlicense: gpl",
    "a key that is a list": "? [a]\n: b",
    "broken YAML": "a: [1",
    "a list at the top": "- a",
    "nesting without end": "a: " + "[" * 3000,
    "too many values": "a:\n" + "- x\n" * 30_000,
    "two documents": "a: 1\n...\nb: 2",
}


@pytest.mark.parametrize("name", BAD_CARDS)
def test_front_matter_is_refused_for(name: str) -> None:
    with pytest.raises(FormatError) as refusal:
        parse_card(f"---\n{BAD_CARDS[name]}\n---\n")
    assert refusal.value.code in {"card_yaml", "card_too_large"}


@pytest.mark.parametrize(
    "field", ["license: 3", "license: [mit, 3]", "tags: {a: b}", "language: ['']", "license_name: [a]"]
)
def test_a_known_field_of_the_wrong_type_is_named(field: str) -> None:
    with pytest.raises(FormatError, match=field.partition(":")[0]) as refusal:
        parse_card(f"---\n{field}\n---\n")
    assert refusal.value.code == "card_field"


@pytest.mark.parametrize(
    ("front", "expression"),
    [
        ("license: apache-2.0", "Apache-2.0"),
        ("license: Apache-2.0", "Apache-2.0"),
        ("license: [mit, cc-by-4.0]", "MIT AND CC-BY-4.0"),
        ("license: mit OR (apache-2.0 and isc)", "MIT OR (Apache-2.0 AND ISC)"),
        ("license: llama3.1", "LicenseRef-llama3.1"),
        ("license: LicenseRef-Lumen-1", "LicenseRef-Lumen-1"),
        ("license: other\nlicense_name: Lumen Lab terms", "LicenseRef-Lumen-Lab-terms"),
    ],
)
def test_a_license_becomes_an_spdx_expression(front: str, expression: str) -> None:
    assert licenses.expression_of(parse_card(f"---\n{front}\n---\n")) == expression


@pytest.mark.parametrize(
    ("front", "code"),
    [
        ("title: x", "card_license_missing"),
        ("license: apache2", "license_unknown"),
        ("license: cc", "license_unknown"),
        ("license: unknown", "license_unknown"),
        ("license: other", "license_unknown"),
        ("license: mit OR", "license_unknown"),
        ("license: (mit", "license_unknown"),
        ("license: mit isc", "license_unknown"),
        ("license: ' '", "card_field"),
    ],
)
def test_a_license_that_says_nothing_is_refused(front: str, code: str) -> None:
    with pytest.raises(FormatError) as refusal:
        licenses.expression_of(parse_card(f"---\n{front}\n---\n"))
    assert refusal.value.code == code


def test_a_near_miss_of_a_license_id_is_told_the_right_one() -> None:
    with pytest.raises(FormatError, match=r"Did you mean `apache-2\.0`"):
        licenses.expression_of(parse_card("---\nlicense: apache2.0\n---\n"))
