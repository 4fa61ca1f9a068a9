"""pflag's rules, the old spellings, the environment: what each word does."""

import pytest

from pycosign.cli.env import bind, variable_of
from pycosign.cli.flag import ARRAY, ENUM, Flag, items, number, switch, text
from pycosign.cli.parser import Values, parse, repair
from pycosign.errors import UsageError

FLAGS = (
    text("key", "", shorthand="k"),
    text("certificate", ""),
    text("old", "", deprecated="use --new"),
    switch("yes", "", shorthand="y"),
    switch("on", "", default=True),
    number("workers", "", default=10),
    items("annotations", "", shorthand="a"),
    Flag("spec", ARRAY, (), ""),
    Flag("mode", ENUM, "", "", choices=("a", "b")),
    text("data", "", own=True),
)


def read(*words: str) -> Values:
    return parse(list(words), FLAGS)


@pytest.mark.parametrize("words", [("--key", "x"), ("--key=x",), ("-k", "x")])
def test_a_value_follows_or_is_joined(words: tuple[str, ...]) -> None:
    values = read(*words, "word")
    assert values.text("key") == "x"
    assert values.given("key")
    assert values.words == ["word"]


def test_a_bool_never_takes_the_next_word() -> None:
    values = read("--yes", "false", "-y")
    assert values.switch("yes")
    assert values.words == ["false"]


def test_a_bool_takes_a_value_after_the_equals_sign() -> None:
    assert not read("--on=false").switch("on")


def test_a_value_may_look_like_a_flag() -> None:
    assert read("--key", "--yes").text("key") == "--yes"
    assert read("--key=").text("key") == ""
    assert read("--key=a=b").text("key") == "a=b"


def test_after_two_dashes_everything_is_a_word() -> None:
    values = read("a", "--", "--key", "x", "--")
    assert values.words == ["a", "--key", "x", "--"]


def test_a_single_dash_is_a_word() -> None:
    assert read("-").words == ["-"]


def test_the_last_of_two_values_counts() -> None:
    assert read("--key", "a", "--key", "b").text("key") == "b"


def test_a_list_is_split_and_grows() -> None:
    assert read("-a", "x=1,y=2", "--annotations", "z=3").items("annotations") == ("x=1", "y=2", "z=3")


def test_an_array_grows_and_is_not_split() -> None:
    assert read("--spec", "a,b", "--spec", "c").items("spec") == ("a,b", "c")


def test_an_alias_is_the_flag() -> None:
    assert read("--cert", "x").text("certificate") == "x"


def test_what_is_not_set_has_its_default() -> None:
    values = read()
    assert values.number("workers") == 10
    assert not values.given("workers")
    assert values.is_default("on")


def test_a_deprecated_flag_gives_a_notice() -> None:
    assert read("--old", "x", "--old=y").notices == ["Flag --old has been deprecated, use --new"] * 2
    assert read("--key", "x").notices == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--nosuch",), "unknown flag: --nosuch"),
        (("--nosuch=1",), "unknown flag: --nosuch"),
        (("-q",), "unknown shorthand flag: 'q' in -q"),
        (("--key",), "flag needs an argument: --key"),
        (("-k",), "flag needs an argument: 'k' in -k"),
        (("--=x",), "bad flag syntax: --=x"),
        (("---key",), "bad flag syntax: ---key"),
        (
            ("--yes=maybe",),
            'invalid argument "maybe" for "-y, --yes" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (("--workers=x",), 'invalid argument "x" for "--workers" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        (("--mode", "c"), 'invalid argument "c" for "--mode" flag: must be one of "a", "b"'),
        (
            ("-a", 'a"x'),
            (
                'invalid argument "a\\"x" for "-a, --annotations" flag: '
                'parse error on line 1, column 2: bare " in non-quoted-field'
            ),
        ),
    ],
)
def test_complaints_are_worded_as_cosigns(words: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(*words)
    assert str(refused.value) == complaint


def test_old_spellings_are_rewritten_with_a_warning() -> None:
    words, warnings = repair(["sign", "-key", "x", "--y", "-a", "-", "--", "-version", "-rf", "--key"])
    assert words == ["sign", "--key", "x", "-y", "-a", "-", "--", "version", "--rf", "--key"]
    assert warnings == [
        "the -key flag is deprecated and will be removed in a future release. Please use the --key flag instead.",
        "the flag --y is deprecated and will be removed in a future release. Please use the flag -y.",
        (
            "the -version flag is deprecated and will be removed in a future release. "
            "Please use the version subcommand instead."
        ),
        "the -rf flag is deprecated and will be removed in a future release. Please use the --rf flag instead.",
    ]


def test_the_environment_sets_what_no_word_did() -> None:
    values = read("--key", "word")
    bind(
        values,
        {"COSIGN_KEY": "variable", "COSIGN_YES": "true", "COSIGN_ANNOTATIONS": "a=1,b=2", "PYCOSIGN_DATA": "dir"},
    )
    assert values.text("key") == "word"
    assert values.switch("yes")
    assert values.given("yes")
    assert values.items("annotations") == ("a=1", "b=2")
    assert values.text("data") == "dir"


def test_an_empty_variable_is_not_a_value() -> None:
    values = read()
    bind(values, {"COSIGN_ON": ""})
    assert values.switch("on")


def test_a_variable_that_does_not_parse_is_an_error() -> None:
    with pytest.raises(UsageError, match='invalid value "yes" of COSIGN_ON for --on'):
        bind(read(), {"COSIGN_ON": "yes"})


def test_variables_are_named_for_whose_flag_it_is() -> None:
    assert variable_of(text("oidc-issuer", "")) == "COSIGN_OIDC_ISSUER"
    assert variable_of(text("data", "", own=True)) == "PYCOSIGN_DATA"
