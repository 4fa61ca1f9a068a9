"""The first engine: Hypothesis draws a sample and what to change in it."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import mutate
from tests.fuzz.target import Target
from tests.fuzz.watch import Watch

__all__ = ["inputs", "run_hypothesis"]

_LARGE = 128 << 10  # repetitions of repetitions end here
_ROUND = 500  # examples, after which Hypothesis begins again with another seed


class _Drawn:
    """Choices that Hypothesis makes."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def below(self, bound: int) -> int:
        return self._draw(st.integers(0, bound - 1))


@st.composite
def _changed(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    chance = _Drawn(draw)
    data = samples[chance.below(len(samples))]
    for _ in range(1 + chance.below(4)):
        if not data or len(data) > _LARGE:
            break
        data = mutate(data, samples, chance)
    return data


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Changed samples, and now and then bytes out of nothing."""
    changed = _changed(target.seeds())
    # without a codec: to work out its characters takes Hypothesis 200 MB, and memory is looked at here
    letters = st.text(st.characters(max_codepoint=0xD7FF), max_size=60).map(str.encode)
    return st.one_of(changed, changed, changed, changed, st.binary(max_size=200), letters)


def run_hypothesis(target: Target, watch: Watch) -> None:
    """Until the watch's time is over."""
    for sample in target.seeds():
        watch.run(sample)
    number = 0
    while not watch.is_over():
        number += 1
        _one_round(target, watch, number)()


def _one_round(target: Target, watch: Watch, number: int) -> Callable[[], None]:
    @seed(number)
    @settings(
        max_examples=_ROUND,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def body(data: bytes) -> None:
        if not watch.is_over():
            watch.run(data)

    return body
