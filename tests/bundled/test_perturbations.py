"""Disturbed items: alike each time, with offsets that lead back, and changed wherever there is something to change."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from landbridge_benchmarks.perturbations import docs, perturbations
from landbridge_benchmarks.perturbations.base import Edit, applied
from landbridge_benchmarks.perturbations.chinese import converter
from landbridge_benchmarks.perturbations.homoglyph import table
from landbridge_benchmarks.perturbations.lexicons import pairs, words
from landbridge_benchmarks.sources import at_hand, open_source
from landbridge_evaluation.reading import back
from landbridge_plugins import Modality, PerturbationSpec

SPECS = {spec.name: spec for spec in perturbations()}
TEXTS = [spec for spec in SPECS.values() if Modality.TEXT in spec.modalities]
MEDIA = [spec for spec in SPECS.values() if Modality.TEXT not in spec.modalities]
NAMES = [
    "char_swap", "char_drop", "char_repeat", "spaces", "punctuation", "homoglyph", "distractor",
    "typo_keyboard", "ocr", "lower", "upper", "contraction", "british_american", "misspelling", "zh_homophone",
    "zh_shape", "zh_traditional", "zh_fullwidth", "zh_punctuation", "zh_spaces", "zh_particle", "gender_terms",
    "names", "image_noise", "image_blur", "image_brightness", "image_contrast", "image_shift", "image_rotate",
    "image_jpeg", "audio_noise", "audio_speed", "audio_gain", "audio_band", "audio_clipping",
]  # fmt: skip
ENGLISH = [
    "I don't believe that James received the money for his favorite theater.",
    "She is not sure whether Mary would organize the center's program; it's different, really.",
    "Where is my card? The transfer of 1,250.50 dollars was declined before he could realize it.",
    "They're traveling with their neighbor, and you cannot recognize the gray color of her aeroplane.",
    "My mother says Robert apologized because people have not been honest about their behavior.",
]
CHINESE = [
    "“银行卡”丢失后，他们应当在24小时内向ATM所在的银行报告情况。",
    "基于深度学习的图像识别方法研究，张伟认为其结果与人工判断一致。",
    "这部电影的男主角演得很好，但是女主角的台词没有写好！",
    "爸爸说：“未来的发展需要更多的时间（至少3年）。”",
]
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
HAN = re.compile("[\u4e00-\u9fff]")
GENDER = re.compile(
    r"\b(he|she|him|his|her|hers|himself|herself|man|men|woman|women|boy|girl|mother|father)\b", re.IGNORECASE
)
GIVEN = re.compile(r"\b(James|John|Robert|Michael|David|Mary|Jennifer|Sarah|Laura|Tom|Jack|Jim|Kevin|Bruce)\b")
# Where each has something to change; a text that is not named here has letters, and that is enough.
WHERE: dict[str, Callable[[str], object]] = {
    "homoglyph": lambda text: set(text) & set(table()),
    "lower": lambda text: text.lower() != text,
    "upper": lambda text: text.upper() != text,
    "contraction": re.compile(r"\b(don|didn|isn|wasn|couldn|doesn|aren)'t\b|\b(do|did|is|was|does|are) not\b").search,
    "british_american": lambda text: words("british_american").search(text),
    "misspelling": lambda text: words("misspelling").search(text),
    "zh_shape": lambda text: set(text) & set(pairs("zh_shape")),
    "zh_traditional": lambda text: converter().convert(text) != text,
    "zh_fullwidth": re.compile(r"[!-~\uff01-\uff5e]").search,
    "gender_terms": lambda text: (
        re.search("爸爸|妈妈|男主角|女主角", text) or (not HAN.search(text) and GENDER.search(text))
    ),
    "names": lambda text: "张伟" in text or GIVEN.search(text),
}


def rng(key: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=key))


def speaks(spec: PerturbationSpec, language: str) -> bool:
    return not spec.languages or language in spec.languages


def changed(spec: PerturbationSpec, texts: Sequence[str], strength: int) -> tuple[int, int]:
    """(texts that it applies to, those of them that come out changed)."""
    able = [text for text in texts if WHERE.get(spec.name, str.strip)(text)]
    return len(able), sum(spec.apply(text, rng(place), strength).item != text for place, text in enumerate(able))


def test_what_the_specification_lists_is_there_and_says_what_it_does() -> None:
    assert list(SPECS) == NAMES and len(perturbations()) == len(SPECS)
    for spec in SPECS.values():
        assert spec.description.endswith(".") and len(spec.description) > 20
        assert "label" in spec.preserves and spec.strengths == (2 if spec.name == "audio_speed" else 3)
        assert ("spans" in spec.preserves) == (spec in TEXTS)


@pytest.mark.parametrize("spec", TEXTS, ids=lambda spec: spec.name)
def test_texts_are_disturbed_alike_each_time_and_offsets_lead_back(spec: PerturbationSpec) -> None:
    for text in [text for language, texts in LANGUAGES.items() if speaks(spec, language) for text in texts] + ["", " "]:
        same = spec.apply(text, rng(), 0)
        assert (same.item, list(same.alignment or ())) == (text, list(range(len(text) + 1)))
        for strength in (1, 2, 3):
            made = spec.apply(text, rng(strength), strength)
            again = spec.apply(text, rng(strength), strength)
            assert made == again
            places = list(made.alignment or ())
            assert len(places) == len(text) + 1 and places == sorted(places)
            assert places[0] >= 0 and places[-1] <= len(made.item)
            for old in range(len(text)):
                if places[old + 1] > places[old]:  # it was not left out
                    start, end = back(places, places[old], places[old + 1])
                    assert start <= old < end


@pytest.mark.parametrize("spec", TEXTS, ids=lambda spec: spec.name)
def test_nine_in_ten_texts_that_it_applies_to_are_changed(spec: PerturbationSpec) -> None:
    for language, texts in LANGUAGES.items():
        if speaks(spec, language):
            for strength in (1, 2, 3):
                able, done = changed(spec, texts, strength)
                assert done >= 0.9 * able
                assert able or language == "zh"


def test_the_page_is_what_the_perturbations_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "perturbations.md"
    assert page.read_text() == docs.render(), "Run `make docs`."


LOCAL = {"banking77": "en", "csl_category_zh": "zh", "cad_imdb": "en"}
# In how many of 100 texts of the set each of these has something to change, at least. The others: in nearly all.
SHARES = {
    "contraction": {"banking77": 10, "cad_imdb": 50},
    "british_american": {"banking77": 1, "cad_imdb": 75},
    "misspelling": {"banking77": 90, "cad_imdb": 99},
    "gender_terms": {"banking77": 0, "csl_category_zh": 0, "cad_imdb": 60},
    "names": {"banking77": 0, "csl_category_zh": 0, "cad_imdb": 10},
    "zh_fullwidth": {"csl_category_zh": 20},
}


@pytest.mark.parametrize("name", LOCAL)
def test_nine_in_ten_real_texts_are_changed(name: str) -> None:
    if not at_hand(f"local:{name}"):
        pytest.skip(f"LANDBRIDGE_DATA does not name a folder that holds {name}")
    rows = list(open_source(f"local:{name}").splits["test"]())
    texts = [str(row["text"]) for row in rows[:: max(1, len(rows) // 200)]]
    for spec in TEXTS:
        if speaks(spec, LOCAL[name]):
            for strength in (1, 3):
                able, done = changed(spec, texts, strength)
                assert done >= 0.9 * able, (spec.name, strength, done, able)
                assert 100 * able >= SHARES.get(spec.name, {}).get(name, 90) * len(texts), (spec.name, able)


def test_more_strength_changes_more() -> None:
    for name in ("char_swap", "char_drop", "typo_keyboard", "homoglyph", "ocr", "misspelling"):
        text, counts = " ".join(ENGLISH), []
        for strength in (1, 2, 3):
            made = SPECS[name].apply(text, rng(), strength)
            assert made.alignment is not None
            kept = sum(
                text[old : old + 1] == made.item[made.alignment[old] : made.alignment[old + 1]]
                for old in range(len(text))
            )
            counts.append(kept)
        assert counts[0] > counts[1] > counts[2] > len(text) // 2


def test_numbers_and_chinese_negations_stay() -> None:
    for name in ("char_swap", "char_drop", "char_repeat", "typo_keyboard", "punctuation", "zh_punctuation"):
        for seed in range(20):
            assert "1,250.50" in SPECS[name].apply(ENGLISH[2], rng(seed), 3).item
    for name in ("char_drop", "zh_homophone"):
        assert all("没有" in SPECS[name].apply("台词没有写好" * 9, rng(seed), 1).item for seed in range(5))
        assert all(SPECS[name].apply("不没无" * 9, rng(seed), 3).item == "不没无" * 9 for seed in range(5))


def said(name: str, text: str, strength: int = 3) -> str:
    return str(SPECS[name].apply(text, rng(), strength).item)


def test_words_change_as_the_language_has_it() -> None:
    assert said("contraction", "I do not know what it is. It's late, and it's been long. DON'T!") == (
        "I don't know what it is. It is late, and it's been long. DO NOT!"
    )
    assert said("contraction", "She doesn\u2019t know") == "She does not know"
    assert said("british_american", "The colour of Programme and center") == "The color of Program and centre"
    assert (
        said("lower", "SEND It, Élodie") == "send it, élodie" and said("upper", "Crowe's Straße") == "CROWE'S STRASSE"
    )
    assert said("gender_terms", "His wife told him that Mr Smith saw her mother; the car is hers.") == (
        "Her husband told her that Mrs Smith saw his father; the car is his."
    )
    assert said("gender_terms", "他的父亲和其他人说，女孩的父母来了。") == "她的母亲和其他人说，男孩的父母来了。"
    assert said("zh_traditional", "头发和发展，银行") == "頭髮和發展，銀行"
    assert said("zh_fullwidth", "ATM机（24小时）") == "ＡＴＭ机(２４小时)"
    assert said("zh_spaces", "银行卡") == "银 行 卡"
    assert said("zh_particle", "你好。")[-2] in "啊呢吧嘛呀啦哦"
    names = said("names", "James met Mary, and James smiled.", 2)
    first, *_, last = re.findall(r"\w+", names)[:1] + re.findall(r"and (\w+)", names)
    assert first == last != "James" and "Mary" not in names


def test_homophones_sound_alike_and_are_read_in_their_words() -> None:
    made = said("zh_homophone", "银行发展需要时间", 3)
    assert made != "银行发展需要时间"
    sounds = lazy_pinyin("银行发展需要时间", style=Style.TONE3)
    for old, new, sound in zip("银行发展需要时间", made, sounds, strict=True):
        assert old == new or sound in lazy_pinyin(new, style=Style.TONE3) or sound.startswith(lazy_pinyin(new)[0])


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(max_size=30))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pieces = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Edit(start, end, draw(st.text(max_size=4))) for start, end in pieces]


@given(edited())
def test_what_no_edit_touches_stands_where_the_alignment_says(drawn: tuple[str, list[Edit]]) -> None:
    text, edits = drawn
    made = applied(text, edits)
    expected, touched = text, set[int]()
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]
        touched |= set(range(edit.start, edit.end))
    assert made.item == expected and made.alignment is not None
    for place, char in enumerate(text):
        if place not in touched:
            assert expected[made.alignment[place]] == char


def test_an_insertion_belongs_to_no_span_but_the_one_it_stands_in() -> None:
    made = applied("ab", [Edit(0, 0, "<"), Edit(1, 1, "-"), Edit(2, 2, ">")])
    assert (made.item, made.alignment) == ("<a-b>", (1, 2, 4))


def picture(shape: tuple[int, int, int], top: int = 255) -> Any:  # noqa: ANN401 an array
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    wave = (np.sin(rows * 1.5) + np.cos(columns * 1.1) + 2) / 4
    return np.repeat((wave * top).astype(np.uint8)[:, :, None], shape[2], axis=2)


def tone(seconds: float = 0.5) -> Any:  # noqa: ANN401 an array
    time = np.arange(int(16_000 * seconds)) / 16_000
    return (0.3 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 6000 * time)).astype(np.float32)


PICTURES = [picture((8, 8, 1), 16), picture((28, 28, 1)), picture((33, 20, 3))]
SOUNDS = [tone(), tone(0.1), tone() * np.float32(0.01)]


@pytest.mark.parametrize("spec", MEDIA, ids=lambda spec: spec.name)
def test_pictures_and_sounds_keep_their_form_and_are_changed(spec: PerturbationSpec) -> None:
    items = PICTURES if Modality.IMAGE in spec.modalities else SOUNDS
    for item in items:
        assert np.array_equal(spec.apply(item, rng(), 0).item, item)
        for strength in range(1, spec.strengths + 1):
            made = spec.apply(item, rng(strength), strength).item
            assert made.dtype == item.dtype and np.isfinite(made).all()
            assert np.array_equal(made, spec.apply(item, rng(strength), strength).item)
            assert not np.array_equal(made, item)
            if spec.name == "audio_speed":
                assert made.size == pytest.approx(item.size / (1.1, 0.9)[strength - 1], abs=2)
            else:
                assert made.shape == item.shape
            assert int(made.max()) <= (16 if item.max() <= 16 and item.dtype == np.uint8 else 255)


def test_noise_is_as_loud_as_it_says_and_a_line_carries_no_high_tones() -> None:
    sound = tone(2.0).astype(np.float64)
    for strength, decibels in ((1, 20), (2, 10), (3, 5)):
        noise = SPECS["audio_noise"].apply(tone(2.0), rng(), strength).item - sound
        assert 10 * np.log10((sound**2).mean() / (noise**2).mean()) == pytest.approx(decibels, abs=0.3)
    spectrum = np.abs(np.fft.rfft(SPECS["audio_band"].apply(tone(2.0), rng(), 1).item))
    assert spectrum[12_000 - 50 : 12_000 + 50].max() < 0.01 * spectrum[880]


def test_an_empty_sound_stays_empty() -> None:
    empty = np.zeros(0, np.float32)
    assert all(spec.apply(empty, rng(), 1).item.size == 0 for spec in MEDIA if Modality.AUDIO in spec.modalities)


def test_real_pictures_and_sounds_are_changed(rows: Callable[[str, str], list[tuple[Any, str]]]) -> None:
    digits = [item for item, _ in rows("digits_linear", "test")][:60]
    for spec in MEDIA:
        if Modality.IMAGE in spec.modalities:
            for strength in (1, 2, 3):
                same = sum(np.array_equal(spec.apply(one, rng(), strength).item, one) for one in digits)
                assert same <= 6, (spec.name, strength)
