"""Exit codes count as the kinds that configs/outcomes.yaml says."""

from __future__ import annotations

import pytest

from students.outcomes import outcome_codes
from students.outcomes.outcome_codes import OutcomeCodesRefused, UnknownExitCode


@pytest.mark.parametrize(
    ("exit_code", "kind"),
    [
        ("Dropout", "dropped_out"),
        ("Withdrawn", "dropped_out"),
        ("Expelled", "dropped_out"),
        ("Reached maximum age", "dropped_out"),
        ("Transferred", "transferred"),
        ("Graduated", "graduated"),
        ("Completed", "graduated"),
        ("Died", "died"),
        ("End of school year", "continued"),
        ("No show", "unknown"),
        ("Incarcerated", "unknown"),
        ("Involuntarily removed", "unknown"),
        ("Other", "unknown"),
        (" no SHOW ", "unknown"),
        ("uri://ed-fi.org/ExitWithdrawTypeDescriptor#Dropout", "dropped_out"),
    ],
)
def test_an_exit_code_counts_as_one_kind(exit_code: str, kind: str) -> None:
    assert outcome_codes.written().kind_of(exit_code) == kind


def test_an_unknown_exit_code_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownExitCode, match='"Moved" is not a known exit code. Use one of: Dropout, '):
        outcome_codes.written().kind_of("Moved")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dropped_out: [Dropout]", "must hold exactly these lists"),
        ("- Dropout", "must hold exactly these lists"),
        (
            "dropped_out: Dropout\ngraduated: []\ncontinued: []\ntransferred: []\ndied: []\nunknown: []",
            "must be a list",
        ),
        ("dropped_out: [A]\ngraduated: [a]\ncontinued: []\ntransferred: []\ndied: []\nunknown: []", "stands twice"),
    ],
)
def test_a_broken_list_of_exit_codes_is_refused(text: str, words: str) -> None:
    with pytest.raises(OutcomeCodesRefused, match=words):
        outcome_codes.read_codes(text)
