"""A person's own CSV, shown line by line before anything is recorded: the lines go round signed, kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit_log
from students.forms import LineFileForm
from students.importing.file_errors import FileRefused
from students.importing.line_layouts import Layout, LineT
from students.records import checked_lines
from students.records.checked_lines import Changed, CheckedLine


@dataclass(frozen=True, kw_only=True)
class LineFile(Generic[LineT]):
    """One kind of file that is shown before it is recorded.

    `subject` names its address, its template and its entries in the record ("outcome": `outcome_file`). `check` and
    `record` are the domain's; `done` words how many were recorded, `about` is what else the page shows, `next_page`
    is where one goes once nothing is left.
    """

    subject: str
    layout: Layout[LineT]
    columns: Any
    check: Callable[..., Sequence[CheckedLine[LineT]]]
    record: Callable[..., Sequence[CheckedLine[LineT]]]
    done: Callable[[int], str]
    next_page: str
    file_named: str
    about: Callable[[], dict[str, Any]] = dict

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Take a file, show what it would record, and record it once somebody says so."""
        if request.method != "POST":
            return self._page(request, self._form())
        if "lines" in request.POST:
            return self._confirmed(request)
        form = self._form(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form, status=422)
        file, now = form.cleaned_data["file"], timezone.now()
        institution = request.membership.institution  # type: ignore[attr-defined]
        try:
            lines = checked_lines.read(file.chunks(), file.name, layout=self.layout, institution=institution, now=now)
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
            return self._page(request, form, status=422)
        return self._shown(request, lines)

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        try:
            lines, offered = self._opened(request)
        except signing.BadSignature:
            return self._page(request, self._form(), {"is_too_old": True}, status=422)
        if request.POST.get("do") == "refused":
            return self._given_back(request, lines)
        try:
            recorded = self.record(lines, offered=offered, by=request.user, now=timezone.now())
        except Changed:
            return self._shown(request, lines, has_changed=True, status=409)
        done = self.done(len(recorded)) if recorded else _("All of this is on record already.")
        messages.success(request, done)
        left = [one for one in lines if one.line not in offered]
        return self._shown(request, left, is_done=True) if self._refused(request, left) else redirect(self.next_page)

    def _given_back(self, request: HttpRequest, lines: list[LineT]) -> HttpResponse:
        refused = self._refused(request, lines)
        now = timezone.now()
        audit_log.record_request(request, f"download_{self.subject}_lines", now=now, subjects=_subjects(refused))
        headers = {
            "Content-Disposition": f'attachment; filename="{self.file_named} to mend.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        text = self.layout.as_csv((one.said, one.why) for one in refused)
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)

    def _shown(
        self,
        request: HttpRequest,
        lines: list[LineT],
        *,
        has_changed: bool = False,
        is_done: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        checked = self._checked(request, lines)
        audit_log.record_request(request, f"{self.subject}_file", now=timezone.now(), subjects=_subjects(checked))
        offered = {one.said.line: one.promise for one in checked if one.does_something}
        context = {
            "lines": checked,
            "n_new": len(offered),
            "n_stands": sum(one.status == "stands" for one in checked),
            "n_refused": sum(one.status == "refused" for one in checked),
            "signed": self._signed(request, lines, offered),
            "has_changed": has_changed,
            "is_done": is_done,
        }
        return self._page(request, self._form(), context, status=status)

    def _checked(self, request: HttpRequest, lines: list[LineT]) -> Sequence[CheckedLine[LineT]]:
        return self.check(lines, by=request.user, now=timezone.now())

    def _refused(self, request: HttpRequest, lines: list[LineT]) -> list[CheckedLine[LineT]]:
        return [one for one in self._checked(request, lines) if one.status == "refused"]

    def _form(self, *given: Any) -> LineFileForm:
        return LineFileForm(*given, columns=self.columns)

    def _page(
        self, request: HttpRequest, form: LineFileForm, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        about = {"form": form, **self.about()}
        return render(request, f"{self.subject}_file.html", about | (context or {}), status=status)

    def _salt(self, request: HttpRequest) -> str:
        """Return what binds signed lines to one kind of file and one person at one institution."""
        return f"{self.subject} file {request.membership.institution_id} {request.user.pk}"  # type: ignore[attr-defined]

    def _signed(self, request: HttpRequest, lines: list[LineT], offered: Mapping[int, str]) -> str:
        told = {"lines": [asdict(one) for one in lines], "offered": list(offered.items())}
        return signing.dumps(told, salt=self._salt(request), compress=True)

    def _opened(self, request: HttpRequest) -> tuple[list[LineT], dict[int, str]]:
        told = signing.loads(request.POST["lines"], salt=self._salt(request), max_age=settings.SESSION_COOKIE_AGE)
        return [self.layout.line(**one) for one in told["lines"]], dict(told["offered"])


def _subjects(checked: Sequence[CheckedLine[LineT]]) -> list[Any]:
    return [one.student.public_id for one in checked if one.student is not None]
