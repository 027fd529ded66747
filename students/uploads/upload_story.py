"""An upload told as a story, in words, from its row: where it is on its way, and what it would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from jobs.models import State
from students.models import Format, Upload
from students.records import record_words
from students.uploads import upload_findings
from students.uploads.import_settings import Settings

Stage = Upload.Stage
UNDER_WAY = (Stage.CHECKING, Stage.MERGING, Stage.UNDOING)
WANTS_A_WORD = (Stage.MAPPING, Stage.ASKING, Stage.REVIEW)
KINDS_IN_HEADLINE = 3
CHANGES = {
    "new": gettext_lazy("New"),
    "changed": gettext_lazy("Changed"),
    "gone": gettext_lazy("Gone"),
    "unchanged": gettext_lazy("Unchanged"),
    "bad": gettext_lazy("Wrong"),
}

_MARKS = {
    **dict.fromkeys(WANTS_A_WORD, "waiting"),
    **dict.fromkeys((Stage.DISCARDED, Stage.UNDONE), "queued"),
    Stage.DONE: "done",
    Stage.REFUSED: "failed",
}
_STANDS_AT = {
    **dict.fromkeys((Stage.CHECKING, Stage.REFUSED), "checked"),
    **dict.fromkeys((Stage.REVIEW, Stage.DISCARDED), "confirmed"),
    **dict.fromkeys((Stage.MERGING, Stage.DONE), "brought_in"),
    **dict.fromkeys((Stage.UNDOING, Stage.UNDONE), "taken_back"),
    Stage.MAPPING: "columns",
    Stage.ASKING: "answers",
}
# "count" chooses the plural, "n" is the number as it is written.
_WRONG = ngettext_lazy("%(n)s row is wrong", "%(n)s rows are wrong", "count")
_TAKING_BACK = {
    "new": ngettext_lazy("The %(n)s record it brought goes.", "The %(n)s records it brought go.", "count"),
    "changed": ngettext_lazy(
        "The %(n)s record it changed is as it was before.", "The %(n)s records it changed are as before.", "count"
    ),
    "gone": ngettext_lazy("The %(n)s record it ended comes back.", "The %(n)s records it ended come back.", "count"),
}


def stage(upload: Upload) -> dict[str, str]:
    """Return where an upload stands: a mark, and the words beside it."""
    job = upload.current_job
    if upload.stage in UNDER_WAY:
        label = _("Stopped halfway") if job.state == State.FAILED else upload.get_stage_display()
        return {"state": job.state, "state_label": label}
    return {"state": _MARKS[Stage(upload.stage)], "state_label": upload.get_stage_display()}


def in_short(upload: Upload) -> str:
    """Say in one line what a file changes, what is wrong with it, or what it waits for."""
    if upload.stage == Stage.MAPPING:
        return _("Say what its columns are.")
    if upload.stage == Stage.ASKING:
        return _("Say what its codes and numbers mean.")
    if upload.stage == Stage.REFUSED:
        return upload_findings.sentence(upload.errors[0]) if upload.errors else upload.current_job.error
    if upload.stage == Stage.DISCARDED:
        return _("Nothing was saved.")
    if upload.stage == Stage.UNDONE:
        return _("The records are as they were before.")
    if upload.stage == Stage.CHECKING or upload.current_job.state == State.FAILED:
        return upload.current_job.error or upload.current_job.progress_note
    phrases = headline(upload)
    if upload.stage == Stage.REVIEW and upload.n_bad_rows:
        phrases.append(record_words.counted(upload.n_bad_rows, _WRONG))
    return "; ".join(phrases)


def headline(upload: Upload) -> list[str]:
    """Return the phrases that a file's page begins with: "31 new students, 4 gone", "18 attendance days changed"."""
    phrases = record_words.changes(upload.difference)
    if not phrases and upload.n_bad_rows >= upload.n_rows > 0:
        return [_("No row of this file can be brought in.")]
    if not phrases:
        return [_("Nothing changes: all of it is on record already.")]
    return phrases[:KINDS_IN_HEADLINE] + ([_("and more")] if len(phrases) > KINDS_IN_HEADLINE else [])


def kind_rows(difference: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one line per kind of record: how many rows are new, changed, gone, unchanged, bad; and examples."""
    kinds, examples = difference.get("kinds", {}), difference.get("examples", {})
    return [
        {
            "label": label,
            "counts": [{"label": words, "n": kinds[kind].get(change, 0)} for change, words in CHANGES.items()],
            "examples": _examples(kind, examples.get(kind, {})),
        }
        for kind, label in record_words.LABELS.items()
        if any(kinds.get(kind, {}).values())
    ]


def _examples(kind: str, examples: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the examples of a kind as lines: whom it is about, what was, what is."""
    return [
        {"title": title, "lines": [_example(kind, example) for example in examples[change]]}
        for change, title in CHANGES.items()
        if examples.get(change)
    ]


def _example(kind: str, example: Mapping[str, Any]) -> dict[str, Any]:
    before, after = example.get("before", {}), example.get("after", {})
    return {
        "student": example.get("student", ""),
        "words": example.get("words", ""),
        "cells": [
            {"column": record_words.column(kind, name), "before": _cell(before.get(name)), "after": _cell(value)}
            for name, value in after.items()
        ],
    }


def _cell(value: Any) -> str:
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:g}" if isinstance(value, float) else str(value)


def gone_warning(upload: Upload, settings: Settings) -> str:
    """Say that suspiciously much would be gone, measured by what the institution lets through without a look."""
    share = upload.difference.get("gone_share", 0)
    if share <= settings.most_gone_share:
        return ""
    return _("%(percent)s%% of what is on record would be gone. Is this file complete?") % {
        "percent": record_words.number(round(share * 100)) if share >= 0.01 else "<1"
    }


def taking_back(difference: Mapping[str, Any]) -> list[str]:
    """Say what will happen when a file is taken back."""
    sums = {
        change: sum(about.get(change, 0) for about in difference.get("kinds", {}).values())
        for change in ("new", "changed", "gone")
    }
    return [record_words.counted(n, _TAKING_BACK[change]) for change, n in sums.items() if n]


def steps(upload: Upload) -> list[dict[str, Any]]:
    """Return the way of a file, step by step, with the one it stands at marked."""
    labels = _labels(upload)
    names = ["received", "columns", "answers", "checked", "confirmed", "brought_in", "taken_back"]
    if upload.stage != Stage.MAPPING and upload.format != Format.MAPPED:
        names.remove("columns")
    if upload.stage != Stage.ASKING and not upload.answers:
        names.remove("answers")
    if upload.stage not in (Stage.UNDOING, Stage.UNDONE):
        names.remove("taken_back")
    is_over = upload.stage in (Stage.DONE, Stage.UNDONE)
    here = names.index(_stands_at(upload))
    return [
        {
            "label": labels[name][0 if i < here or is_over else 1 if i == here else 2],
            "state": "done" if i < here or is_over else stage(upload)["state"] if i == here else "queued",
            "is_current": i == here,
        }
        for i, name in enumerate(names)
    ]


def _stands_at(upload: Upload) -> str:
    if upload.stage == Stage.REFUSED and upload.merge_job_id:
        return "brought_in"
    return _STANDS_AT[Stage(upload.stage)]


def _labels(upload: Upload) -> dict[str, tuple[str, str, str]]:
    """Return the words of each step: behind us, where we stand, and ahead."""
    is_aside, is_refused = upload.stage == Stage.DISCARDED, upload.stage == Stage.REFUSED
    by_itself = upload.auto_confirm and upload.merge_job_id is None
    return {
        "received": (_("Received"), _("Received"), _("Received")),
        "columns": (_("Columns named"), _("Name the columns"), _("Name the columns")),
        "answers": (_("Answered"), _("Waiting for an answer"), _("Answer")),
        "checked": (_("Checked"), _("Not brought in") if is_refused else _("Being checked"), _("Check")),
        "confirmed": (
            _("Within your limits") if by_itself else _("Confirmed"),
            _("Put aside") if is_aside else _("Waiting for your word"),
            _("Your word"),
        ),
        "brought_in": (
            _("Brought in"),
            _("Not brought in") if is_refused else _("Being brought in"),
            _("Bring in"),
        ),
        "taken_back": (_("Taken back"), _("Being taken back"), _("Take back")),
    }
